/** How a region is walked through, in words. */

import type { RegionRecord } from "../../metric/map-record.ts";
import { printable } from "../../term/table.ts";
import { formatShare } from "../../term/units.ts";

/** The pattern in words, with the number of walks at once. */
export function describe(region: RegionRecord): string {
  if (region.pattern === null) return "-";
  const streams = streamsOf(region);
  return `${walkOf(region)}${streams > 1 ? `, ${streams} streams` : ""}`;
}

/** The pattern in a column: "sequential x4" are four walks at once; of a thrashing one the walk is short. */
export function patternCell(region: RegionRecord, width: number): string {
  const { pattern, order } = region;
  if (pattern === null) return "-";
  if (pattern === "thrashing") return printable(`thrashing ${order?.slice(0, 3) ?? ""}`.trimEnd(), width);
  const streams = streamsOf(region);
  return printable(`${walkOf(region)}${streams > 1 ? ` x${streams}` : ""}`, width);
}

/** Walks at once; what is random is none. */
const streamsOf = ({ order, evidence }: RegionRecord): number =>
  order === null || order === "random" ? 0 : (evidence.streams ?? 0);

/** "sequential", "strided 16", "thrashing, random". */
export function walkOf({
  pattern,
  order,
  stride,
}: Pick<RegionRecord, "pattern" | "order" | "stride">): string {
  const walk = order === "strided" && stride !== null ? `strided ${stride}` : (order ?? "");
  if (pattern === "thrashing") return walk === "" ? "thrashing" : `thrashing, ${walk}`;
  return walk || (pattern ?? "-");
}

/** A phase shorter than this share of the region's faults is no news. */
const LEAST_PHASE = 0.05;
const MOST_PHASES = 4;

/** The patterns of a region one after the other: "sequential 62 %, then random 38 %"; null where it has but one. */
export function phasesText({ phases }: Pick<RegionRecord, "phases">): string | null {
  const total = phases.at(-1)?.to ?? 0;
  const parts: { walk: string; faults: number }[] = [];
  for (const phase of phases) {
    const faults = phase.to - phase.from;
    if (phase.pattern === null || faults < LEAST_PHASE * total) continue;
    const walk = walkOf(phase);
    const last = parts.at(-1);
    if (last?.walk === walk) last.faults += faults;
    else parts.push({ walk, faults });
  }
  if (parts.length < 2) return null;
  const told = parts
    .slice(0, MOST_PHASES)
    .map(({ walk, faults }) => `${walk} ${formatShare(faults / total)}`);
  const more = parts.length > MOST_PHASES ? `, and ${parts.length - MOST_PHASES} more changes` : "";
  return `${told.join(", then ")}${more}`;
}
