import type { HugePages } from "../../kernel/thp.ts";
import type { RegionKind, RegionRecord } from "../../metric/map-record.ts";
import { printable } from "../../term/table.ts";
import { formatBytes, formatDigits, formatShare } from "../../term/units.ts";
import { THRESHOLDS } from "../pattern/thresholds.ts";
import type { Traced } from "./traced.ts";
import { describe, phasesText } from "./walk.ts";

const PAGE = 4096;
/** A region with this share of the faults is what the program does. */
const DOMINANT = 0.25;
/** Advice is given only on a verdict this clear, and on at least so many faults. */
const CLEAR = 0.6;
const ENOUGH = 256;
/** Mapped so often, the memory is not kept between two uses. */
const OFTEN = 16;
/** Anonymous memory walked through in order pays for huge pages from here on. */
const HUGE_PAGES = 4096;

/** Memory that a program can ask huge pages for, by the setting that it follows. */
const HUGE_BY: Partial<Record<RegionKind, keyof HugePages>> = { anon: "anon", heap: "anon", shmem: "shmem" };
const SETTINGS: Record<keyof HugePages, string> = { anon: "enabled", shmem: "shmem_enabled" };

/**
 * What dominates, in which pattern, and what to do about it where the evidence carries that.
 *
 * @param huge where the kernel gives huge pages that are asked for; null where that is not known
 */
export function verdictOf(
  { minor, major }: Pick<Traced, "minor" | "major">,
  regions: readonly RegionRecord[],
  huge: HugePages | null,
): string {
  const faults = minor + major;
  const [first] = regions;
  if (faults === 0 || first === undefined) return "no page fault: all the memory touched was already mapped.";
  const share = (first.minor + first.major) / faults;
  const what = whichOf(first);
  if (share < DOMINANT) {
    return `${formatDigits(faults)} faults spread over ${formatDigits(regions.length)} regions${mostKind(faults, regions)}; the most, ${formatShare(share)}, fall in ${what}.`;
  }
  const walk = first.pattern === null ? unjudged(first) : (changes(first) ?? describe(first));
  const advice = adviceFor(first, huge);
  return `${formatShare(share)} of ${formatDigits(faults)} faults fall in ${what}: ${walk}, ${extentOf(first)}.${advice === null ? "" : ` ${advice}`}`;
}

/** As the table has it: memory without a name by its address. */
function whichOf({ name, kind, start }: RegionRecord): string {
  if (name === kind) return `${kind} ${start.slice(2)}`;
  return name === `[${kind}]` ? name : `${printable(name, 30)} (${kind})`;
}

/** Of a file a fault maps its neighbours too: its pages that faulted are not all that was walked through. */
function extentOf({ kind, pages, start, end }: RegionRecord): string {
  if (kind !== "file" && kind !== "shmem") return `over ${formatBytes(pages * PAGE)}`;
  return `on ${formatDigits(pages)} ${pages === 1 ? "page" : "pages"} of its ${formatBytes(Number(end) - Number(start))}`;
}

/** Many small regions of one kind can be most of all together. */
function mostKind(faults: number, regions: readonly RegionRecord[]): string {
  for (const kind of new Set(regions.map((region) => region.kind))) {
    const those = regions.filter((region) => region.kind === kind);
    const share = those.reduce((sum, { minor, major }) => sum + minor + major, 0) / faults;
    if (share > 0.5)
      return `, ${formatShare(share)} of them in ${formatDigits(those.length)} of kind ${kind}`;
  }
  return "";
}

/** What the walk became; that it thrashes outranks that. */
const changes = (region: RegionRecord): string | null =>
  region.pattern === "thrashing" ? null : phasesText(region);

/** Why there is no pattern. */
function unjudged({ minor, major, evidence }: RegionRecord): string {
  if (evidence.steps === null) return "in an order that is not known";
  return `${minor + major < THRESHOLDS.faults ? "too few" : "too few pages"} to show a pattern`;
}

function adviceFor(region: RegionRecord, huge: HugePages | null): string | null {
  const { pattern, order, kind, major, minor, pages, confidence, mappings } = region;
  if (kind === "anon" && mappings !== null && mappings >= OFTEN && major + minor >= ENOUGH)
    return `It was mapped ${formatDigits(mappings)} times, and its pages faulted each time: keep the memory (mallopt: M_MMAP_THRESHOLD, M_TRIM_THRESHOLD).`;
  if (confidence < CLEAR || major + minor < ENOUGH) return null;
  const file = kind === "file";
  if (pattern === "thrashing" && major > minor) {
    return "The same pages come back from disk or swap: it needs more memory, or a higher limit.";
  }
  // read-ahead brings back most of what was evicted before it is touched, by minor faults
  if (pattern === "thrashing" && (file || major > 0)) {
    return "The same pages fault again and again: they are evicted, which wss --limit can prove, or given back (MADV_DONTNEED, munmap).";
  }
  if (pattern === "thrashing") {
    return "The same pages fault again and again: keep the memory instead of returning it (MADV_DONTNEED, MADV_FREE, munmap).";
  }
  // where most faults are minor, read-ahead has brought the pages: what it gives would be lost, or is had already
  const waits = file && major > minor;
  if (waits && order === "random")
    return "MADV_RANDOM, where it is not set yet, would save the read-ahead that random reads do not use.";
  if (waits && order === "sequential") return "MADV_SEQUENTIAL or MADV_POPULATE_READ would read ahead of it.";
  if (pages >= HUGE_PAGES && (order === "sequential" || order === "reverse")) return hugeAdvice(region, huge);
  return null;
}

/** Of fewer faults for memory that is walked through. brk() cannot populate the heap, madvise() can. */
function hugeAdvice({ kind, path }: RegionRecord, huge: HugePages | null): string | null {
  const by = HUGE_BY[kind];
  if (by === undefined) return null;
  const populate = kind === "heap" ? "MADV_POPULATE_WRITE" : "MAP_POPULATE";
  // what lies on a mount follows its option huge=
  const known = huge !== null && !path?.startsWith("/dev/shm/");
  if (known && !huge[by])
    return `${populate} would take none; huge pages, of which each takes one fault for 512 pages, are switched off (transparent_hugepage/${SETTINGS[by]}).`;
  return `Huge pages (MADV_HUGEPAGE${known ? "" : ", where they are switched on"}) would take one fault for 512 pages, ${populate} none.`;
}
