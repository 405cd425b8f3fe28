import { readFileSync } from "node:fs";

/** Physical memory of one NUMA node: addresses in bytes, the end is the first that is not in it. */
export interface NodeRange {
  node: number;
  start: number;
  end: number;
}

const PAGE = 4096;

/** Where the nodes' memory lies, by /proc/zoneinfo: a range for each zone (mm/vmstat.c). None where it cannot be read. */
export function readNodeRanges(path = "/proc/zoneinfo"): NodeRange[] {
  try {
    return parseZoneInfo(readFileSync(path, "utf8"));
  } catch {
    return [];
  }
}

export function parseZoneInfo(text: string): NodeRange[] {
  return text
    .split(/^(?=Node )/m)
    .map((zone) => {
      const field = (pattern: RegExp): number => Number(pattern.exec(zone)?.[1] ?? Number.NaN);
      const start = field(/^ +start_pfn: +(\d+)$/m) * PAGE;
      return { node: field(/^Node (\d+), zone/), start, end: start + field(/^ +spanned +(\d+)$/m) * PAGE };
    })
    .filter(({ node, start, end }) => node >= 0 && end > start);
}

/** The node of a physical address; -1 where it is in none, or where two reach over it. */
export function nodeOf(address: number, ranges: readonly NodeRange[]): number {
  let found = -1;
  for (const { node, start, end } of ranges) {
    if (address < start || address >= end || node === found) continue;
    if (found >= 0) return -1;
    found = node;
  }
  return found;
}

/** More than one node has memory: else there is nothing to tell apart. */
export const hasSeveralNodes = (ranges: readonly NodeRange[]): boolean =>
  new Set(ranges.map(({ node }) => node)).size > 1;
