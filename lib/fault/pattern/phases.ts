import { classify, type Extent } from "./classify.ts";
import { Tally } from "./tally.ts";
import { THRESHOLDS } from "./thresholds.ts";
import type { PatternPhase } from "./verdict.ts";

/** The counts of a region slice by slice. There are at most 64: then each two become one, of twice the faults. */
export class Phases {
  private slices: Tally[] = [];
  /** Faults of a slice. */
  length: number = THRESHOLDS.phase;

  add(slice: Tally): void {
    this.slices.push(slice);
    if (this.slices.length < THRESHOLDS.phases) return;
    this.slices = inPairs(this.slices);
    this.length *= 2;
  }

  /** Everything, with what has come since the last slice. */
  whole(present: Tally): Tally {
    return this.slices.reduce((sum, slice) => sum.add(slice), new Tally()).add(present);
  }

  /** Slices of one pattern in a row are a phase; too few faults at the end belong to the one before. */
  phases(present: Tally, extent: Extent): PatternPhase[] {
    const list: PatternPhase[] = [];
    let from = 0;
    for (const slice of [...this.slices, present]) {
      const to = from + slice.faults;
      const { pattern, order, stride } = classify(slice, extent);
      const last = list.at(-1);
      const same = last?.pattern === pattern && last.order === order && last.stride === stride;
      if (last && (same || pattern === null)) last.to = to;
      else if (to > from) list.push({ from, to, pattern, order, stride });
      from = to;
    }
    return list;
  }
}

function inPairs(slices: readonly Tally[]): Tally[] {
  const pairs: Tally[] = [];
  slices.forEach((slice, i) => {
    if (i % 2 === 0) pairs.push(slice);
    else pairs.at(-1)?.add(slice);
  });
  return pairs;
}
