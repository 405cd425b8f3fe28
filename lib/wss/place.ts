import { emptyEntry, type SmapsEntry } from "../procfs/smaps.ts";
import type { Reading, Touched, TouchedMapping } from "./method.ts";

/** What a helper told of a range of addresses. */
export interface Told {
  start: string;
  end: string;
}

/**
 * Puts what was told of each range to the mapping of smaps in which it begins, both in ascending order. The two were
 * read one after the other: a range whose mapping has gone meanwhile becomes one of its own.
 */
export function place<Line extends Told>(
  told: readonly Line[],
  entries: readonly SmapsEntry[],
  touchedOf: (line: Line, mapping: SmapsEntry) => Touched,
): TouchedMapping[] {
  const mappings = entries.map((mapping): TouchedMapping => ({ mapping, wss: 0, low: 0, high: 0 }));
  const gone: TouchedMapping[] = [];
  let next = 0;
  for (const line of told) {
    const start = Number(line.start);
    while ((mappings[next + 1]?.mapping.start ?? Number.POSITIVE_INFINITY) <= start) next++;
    const there = mappings[next];
    if (there !== undefined && there.mapping.start <= start && start < there.mapping.end) {
      add(there, touchedOf(line, there.mapping));
    } else {
      const mapping = goneSince(line);
      gone.push({ mapping, ...touchedOf(line, mapping) });
    }
  }
  return [...mappings, ...gone];
}

function add(to: Touched, more: Touched): void {
  to.wss += more.wss;
  to.low += more.low;
  to.high += more.high;
}

const goneSince = ({ start, end }: Told): SmapsEntry =>
  emptyEntry({
    start: Number(start),
    end: Number(end),
    permissions: "---p",
    offset: 0,
    device: "00:00",
    inode: 0,
    path: "",
  });

/** A reading out of its mappings, and of what is not told by mapping. */
export function readingIn(
  mappings: TouchedMapping[],
  { anon, untracked }: Pick<Reading, "anon" | "untracked">,
): Reading {
  const wss = total(mappings, (each) => each.wss);
  const [low, high] = [total(mappings, (each) => each.low), total(mappings, (each) => each.high)];
  const ofWss = Math.min(anon, wss);
  return { wss, low, high, anon: ofWss, file: wss - ofWss, untracked, mappings };
}

/** The sum of some field. */
export const total = <Item>(items: readonly Item[], value: (item: Item) => number): number =>
  items.reduce((sum, item) => sum + value(item), 0);
