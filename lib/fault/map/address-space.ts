import type { Mapping } from "../../procfs/maps.ts";
import { isAnonymous } from "./kind.ts";
import { Region } from "./region.ts";

const PAGE = 4096;
/** A stack grows to RLIMIT_STACK, 8 MiB by default, without a record of it. */
const STACK_PAGES = 2048;
/** Largest guard below a thread's stack: glibc makes one page, some runtimes more. */
const GUARD_BYTES = 64 * 1024;

interface Interval {
  /** First page, and the one after the last. */
  start: number;
  end: number;
  permissions: string;
  region: Region;
}

/** The mappings of one process at this moment of the recording, and all regions that ever were. */
export class AddressSpace {
  readonly pid: number;
  /** By address; they do not overlap. */
  #intervals: Interval[] = [];
  #regions: Region[] = [];
  #last: Interval | null = null;

  constructor(pid: number) {
    this.pid = pid;
  }

  get regions(): readonly Region[] {
    return this.#regions;
  }

  /** A mapping that is there now, whatever was there before. */
  map(mapping: Mapping): void {
    const region = this.#regionFor(mapping);
    const start = mapping.start / PAGE;
    const end = Math.ceil(mapping.end / PAGE);
    const replaced = this.#cut(start, end);
    this.#insert({ start, end, permissions: mapping.permissions, region });
    for (const each of replaced) this.#vanishIfGone(each);
  }

  /** The region of a page, or null where none is known. */
  find(page: number): Region | null {
    const last = this.#last;
    if (last !== null && page >= last.start && page < last.end) return last.region;
    const at = this.#indexAfter(page) - 1;
    const interval = this.#intervals[at];
    if (interval !== undefined && page < interval.end) {
      this.#last = interval;
      return interval.region;
    }
    return this.#grownStack(page, this.#intervals[at + 1]);
  }

  /** exec: nothing of it is left. */
  clear(): void {
    for (const region of this.#regions) region.vanished = true;
    this.#intervals = [];
    this.#last = null;
  }

  /** A child's: the same mappings, with nothing counted yet. */
  fork(pid: number): AddressSpace {
    const child = new AddressSpace(pid);
    for (const { start, end, permissions, region } of this.#intervals) {
      child.map({
        start: start * PAGE,
        end: end * PAGE,
        permissions,
        offset: region.fileOffset,
        device: region.device,
        inode: region.inode,
        path: region.path,
      });
    }
    for (const region of this.#regions) region.forked();
    return child;
  }

  /** Compared with what /proc says at the end: mappings that are not there any more have vanished. */
  settle(mappings: readonly Mapping[]): void {
    for (const region of this.#regions) {
      region.vanished ||= !mappings.some(
        (m) => m.start < region.end && m.end > region.start && m.path === region.path,
      );
    }
  }

  /** The region that a mapping belongs to: what it continues, or a new one. */
  #regionFor(mapping: Mapping): Region {
    const known = this.#continued(mapping);
    if (known === null) {
      const region = new Region(this.pid, mapping);
      if (region.kind === "anon" && this.#isAboveGuard(mapping)) region.kind = "thread-stack";
      this.#regions.push(region);
      return region;
    }
    known.widen(mapping);
    return known;
  }

  /**
   * A file's mapping beside or over another of that file belongs to it. The kernel reports anonymous
   * memory as merged: one that contains a known region, or its other permissions, is the same grown or
   * changed; one of exactly the same extent and permissions is a new one in its place.
   */
  #continued(mapping: Mapping): Region | null {
    const [start, end] = [mapping.start / PAGE, Math.ceil(mapping.end / PAGE)];
    const first = Math.max(0, this.#indexAfter(start) - 1);
    for (let i = first; i < this.#intervals.length; i++) {
      const interval = this.#intervals[i];
      if (interval === undefined || interval.start > end) break;
      if (interval.end < start) continue;
      const { region } = interval;
      if (region.isOf(mapping)) return region;
      if (mapping.inode !== 0 || region.inode !== 0) continue;
      if (!isAnonymous(mapping.path) || !isAnonymous(region.path)) {
        if (mapping.path === region.path) return region;
        continue;
      }
      const same = interval.permissions === mapping.permissions;
      const overlaps = interval.start < end && interval.end > start;
      const contains =
        start <= interval.start && end >= interval.end && end - start > interval.end - interval.start;
      if (same && overlaps && contains) return region;
    }
    return null;
  }

  #isAboveGuard(mapping: Mapping): boolean {
    const below = this.#intervals[this.#indexAfter(mapping.start / PAGE - 1) - 1];
    if (below === undefined) return false;
    return (
      below.permissions.startsWith("---") &&
      below.end * PAGE === mapping.start &&
      (below.end - below.start) * PAGE <= GUARD_BYTES
    );
  }

  /** Takes a range out of the intervals; what is left of those at its edges stays. */
  #cut(start: number, end: number): Region[] {
    const touched: Region[] = [];
    const kept: Interval[] = [];
    for (const each of this.#intervals) {
      if (each.end <= start || each.start >= end) {
        kept.push(each);
        continue;
      }
      touched.push(each.region);
      if (each.start < start) kept.push({ ...each, end: start });
      if (each.end > end) kept.push({ ...each, start: end });
    }
    if (touched.length > 0) {
      this.#intervals = kept;
      this.#last = null;
    }
    return touched;
  }

  #insert(interval: Interval): void {
    this.#intervals.splice(this.#indexAfter(interval.start), 0, interval);
  }

  #vanishIfGone(region: Region): void {
    if (!this.#intervals.some((interval) => interval.region === region)) region.vanished = true;
  }

  /** The index of the first interval that begins after a page. */
  #indexAfter(page: number): number {
    let [low, high] = [0, this.#intervals.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#intervals[middle]?.start ?? Number.POSITIVE_INFINITY) <= page) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grownStack(page: number, above: Interval | undefined): Region | null {
    if (above?.region.kind !== "stack" || above.start - page > STACK_PAGES) return null;
    above.start = page;
    above.region.widen({ start: page * PAGE, end: above.region.end, offset: 0 });
    return above.region;
  }
}
