import type { RegionRecord } from "../../metric/map-record.ts";
import { printable } from "../../term/table.ts";
import { formatBytes, formatDigits, formatShare } from "../../term/units.ts";
import type { Traced } from "./collector.ts";

const PAGE = 4096;
/** A region with this share of the faults is what the program does. */
const DOMINANT = 0.25;
/** Advice is given only on a verdict this clear, and on at least so many faults. */
const CLEAR = 0.6;
const ENOUGH = 256;
/** Anonymous memory walked through in order pays for huge pages from here on. */
const HUGE_PAGES = 4096;

/** What dominates, in which pattern, and what to do about it where the evidence carries that. */
export function verdictOf(
  { minor, major }: Pick<Traced, "minor" | "major">,
  regions: readonly RegionRecord[],
): string {
  const faults = minor + major;
  const [first] = regions;
  if (faults === 0 || first === undefined) return "no page fault: all the memory touched was already mapped.";
  const share = (first.minor + first.major) / faults;
  const what = `${printable(first.name, 30)} (${first.kind})`;
  if (share < DOMINANT) {
    return `${formatDigits(faults)} faults spread over ${regions.length} regions; the most, ${formatShare(share)}, fall in ${what}.`;
  }
  const size = formatBytes(first.pages * PAGE);
  const walk = first.pattern === null ? "too few to show a pattern" : describe(first);
  const advice = adviceFor(first);
  return `${formatShare(share)} of ${formatDigits(faults)} faults fall in ${what}: ${walk}, over ${size}.${advice === null ? "" : ` ${advice}`}`;
}

/** The pattern in words. */
export function describe({ pattern, order, stride, evidence }: RegionRecord): string {
  if (pattern === null) return "-";
  const walk = order === "strided" && stride !== null ? `strided ${stride}` : (order ?? "");
  const streams =
    evidence.streams > 1 && order !== null && order !== "random" ? `, ${evidence.streams} streams` : "";
  if (pattern === "thrashing") return walk === "" ? "thrashing" : `thrashing, ${walk}${streams}`;
  return `${walk || pattern}${streams}`;
}

function adviceFor({ pattern, order, kind, major, minor, pages, confidence }: RegionRecord): string | null {
  if (confidence < CLEAR || major + minor < ENOUGH) return null;
  const file = kind === "file";
  if (pattern === "thrashing" && major > minor) {
    return "The same pages come back from disk or swap: it needs more memory, or a higher limit.";
  }
  if (pattern === "thrashing") {
    return "The same pages fault again and again: keep the memory instead of returning it (MADV_DONTNEED, MADV_FREE, munmap).";
  }
  if (file && major > 0 && order === "random")
    return "MADV_RANDOM would save the read-ahead that random reads do not use.";
  if (file && major > 0 && order === "sequential")
    return "MADV_SEQUENTIAL or MADV_POPULATE_READ would read ahead of it.";
  if (!file && pages >= HUGE_PAGES && (order === "sequential" || order === "reverse")) {
    return "Huge pages (MADV_HUGEPAGE) would take one fault for 512 pages, MAP_POPULATE none.";
  }
  return null;
}
