import type { Region } from "./region.ts";

const PAGE = 4096;

/** A range of pages that one mapping covers. */
export interface Interval {
  /** First page, and the one after the last. */
  start: number;
  end: number;
  permissions: string;
  /** Of its first byte in the file. */
  offset: number;
  region: Region;
}

/** With its place in the order in which they were added. */
interface Aged extends Interval {
  age: number;
}

/** What is mapped, by address; nothing overlaps. Each region knows how many of them are its own (`parts`). */
export class Intervals {
  #list: Aged[] = [];
  #age = 0;
  /** The last one that was found: the next page mostly lies in it, too. */
  #last: Aged | null = null;

  get size(): number {
    return this.#list.length;
  }

  [Symbol.iterator](): Iterator<Interval> {
    return this.#list.values();
  }

  /** The one that covers a page. */
  at(page: number): Interval | null {
    const last = this.#last;
    if (last !== null && page >= last.start && page < last.end) return last;
    const interval = this.#list[this.#indexAfter(page) - 1];
    if (interval === undefined || page >= interval.end) return null;
    this.#last = interval;
    return interval;
  }

  /** The last one that begins at or before a page, and the one after it. */
  around(page: number): [before: Interval | undefined, after: Interval | undefined] {
    const at = this.#indexAfter(page);
    return [this.#list[at - 1], this.#list[at]];
  }

  /** Those that overlap a range, or lie side by side with it. */
  *touching(start: number, end: number): Generator<Interval> {
    for (let i = Math.max(0, this.#indexAfter(start) - 1); i < this.#list.length; i++) {
      const interval = this.#list[i];
      if (interval === undefined || interval.start > end) return;
      if (interval.end >= start) yield interval;
    }
  }

  /** Where nothing is. */
  add(interval: Interval): void {
    this.#replace(this.#indexAfter(interval.start), 0, [{ ...interval, age: this.#age++ }]);
  }

  /** Takes a range out; what is left of those at its edges stays. @returns whose they were */
  cut(start: number, end: number): Set<Region> {
    let first = this.#indexAfter(start);
    if ((this.#list[first - 1]?.end ?? 0) > start) first--;
    let past = first;
    const left: Aged[] = [];
    const touched = new Set<Region>();
    for (let each = this.#list[past]; each !== undefined && each.start < end; each = this.#list[++past]) {
      touched.add(each.region);
      if (each.start < start) left.push({ ...each, end: start });
      if (each.end > end) left.push({ ...each, start: end, offset: each.offset + (end - each.start) * PAGE });
    }
    if (past > first) this.#replace(first, past - first, left);
    return touched;
  }

  /** Takes the older half out. @returns whose they were */
  forgetOldest(): Set<Region> {
    const ages = this.#list.map(({ age }) => age).sort((a, b) => a - b);
    const oldest = ages[ages.length >> 1] ?? 0;
    const dropped = this.#list.filter(({ age }) => age < oldest);
    this.#list = this.#list.filter(({ age }) => age >= oldest);
    this.#last = null;
    for (const { region } of dropped) region.parts--;
    return new Set(dropped.map(({ region }) => region));
  }

  clear(): void {
    for (const { region } of this.#list) region.parts = 0;
    this.#list = [];
    this.#last = null;
  }

  #replace(first: number, count: number, intervals: readonly Aged[]): void {
    for (const { region } of this.#list.splice(first, count, ...intervals)) region.parts--;
    for (const { region } of intervals) region.parts++;
    this.#last = null;
  }

  /** The index of the first that begins after a page. */
  #indexAfter(page: number): number {
    let [low, high] = [0, this.#list.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#list[middle]?.start ?? Number.POSITIVE_INFINITY) <= page) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
