import type { Mapping } from "../../procfs/maps.ts";
import type { CodeMapping } from "../../symbols/place.ts";
import { Intervals } from "./intervals.ts";
import { isAnonymous } from "./kind.ts";
import { Region } from "./region.ts";

const PAGE = 4096;
/** A stack grows to RLIMIT_STACK, 8 MiB by default, without a record of it. */
const STACK_PAGES = 2048;
/** Mappings known at once, as many as vm.max_map_count allows by default: munmap leaves no record. */
const INTERVALS_MOST = 65_536;
/** Regions of a process that are told one by one; of the vanished beyond that the least busy become one. */
const REGIONS_MOST = 4096;
/** Faults where nothing is mapped any more belong together up to so many pages apart. */
const LOST_GAP = 16;
/** Largest guard below a thread's stack: glibc makes one page, some runtimes more. */
const GUARD_BYTES = 64 * 1024;
/** Smallest stack of a thread, PTHREAD_STACK_MIN of x86; memory that is less is a sandbox's or a pool's. */
const THREAD_STACK_BYTES = 16 * 1024;

export interface AddressSpaceOptions {
  /** Each mapping of a file is a region: else those of one file that lie side by side are one. */
  eachMapping?: boolean;
}

/** The mappings of one process at this moment of the recording, and all regions that ever were. */
export class AddressSpace {
  readonly pid: number;
  readonly #options: AddressSpaceOptions;
  readonly #intervals = new Intervals();
  #regions: Region[] = [];
  #most = REGIONS_MOST;
  /** Of anonymous memory that has vanished, by what it was: it may be mapped again. */
  readonly #gone = new Map<string, Region>();
  #condensed: Region | null = null;

  constructor(pid: number, options: AddressSpaceOptions = {}) {
    this.pid = pid;
    this.#options = options;
  }

  get regions(): readonly Region[] {
    return this.#regions;
  }

  /** Nothing is known to be mapped. */
  get isEmpty(): boolean {
    return this.#intervals.size === 0;
  }

  /** A mapping that is there now, whatever was there before. */
  map(mapping: Mapping): void {
    const continued = this.#continued(mapping);
    const start = mapping.start / PAGE;
    const end = Math.ceil(mapping.end / PAGE);
    for (const each of this.#intervals.cut(start, end)) if (each !== continued) this.#vanishIfGone(each);
    continued?.widen(mapping);
    const region = continued ?? this.#again(mapping) ?? this.#begun(mapping);
    const { permissions, offset } = mapping;
    this.#intervals.add({ start, end, permissions, offset, region });
    if (this.#intervals.size <= INTERVALS_MOST) return;
    // most of what is known must have been unmapped; what has not been will be looked up at its next fault
    for (const each of this.#intervals.forgetOldest()) this.#vanishIfGone(each);
  }

  /** The region of a page, or null where none is known. */
  find(page: number): Region | null {
    return this.#intervals.at(page)?.region ?? this.#grownStack(page);
  }

  /**
   * Of a page that faulted where nothing is mapped, now that somebody looks: what was there went by munmap, or came
   * and went by mremap. Pages side by side are one region.
   */
  lost(page: number): Region {
    const [before, after] = this.#intervals.around(page);
    const [start, end] = [page * PAGE, (page + 1) * PAGE];
    if (before?.region.kind === "unmapped" && page - before.end < LOST_GAP) {
      before.end = Math.max(before.end, page + 1);
      before.region.widen({ start, end, offset: 0 });
      return before.region;
    }
    if (after?.region.kind === "unmapped" && after.start - page <= LOST_GAP) {
      after.start = page;
      after.region.widen({ start, end, offset: 0 });
      return after.region;
    }
    const mapping = { start, end, permissions: "----", offset: 0, device: "", inode: 0, path: "" };
    const region = this.#begun(mapping);
    region.kind = "unmapped";
    this.#intervals.add({ start: page, end: page + 1, permissions: "----", offset: 0, region });
    return region;
  }

  /** The mapping that covers a page, with its part of the file; null where none is known. */
  mappingAt(page: number): (CodeMapping & { permissions: string }) | null {
    const interval = this.#intervals.at(page);
    if (interval === null) return null;
    const { start, end, offset, permissions, region } = interval;
    const { inode, path } = region;
    return { start: start * PAGE, end: end * PAGE, offset, permissions, inode, path };
  }

  /** exec: nothing of it is left. */
  clear(): void {
    this.#regions = this.#regions.filter(({ faults }) => faults > 0);
    for (const region of this.#regions) region.vanished = true;
    this.#intervals.clear();
    this.#gone.clear();
  }

  /** A child's: the same mappings, with nothing counted yet. */
  fork(pid: number): AddressSpace {
    const child = new AddressSpace(pid, this.#options);
    const copies = new Map<Region, Region>();
    for (const interval of this.#intervals) {
      const { region } = interval;
      const mapping = { ...interval, start: interval.start * PAGE, end: interval.end * PAGE };
      const copy = copies.get(region) ?? region.copyFor(pid, mapping);
      copies.set(region, copy);
      copy.widen(mapping);
      child.#intervals.add({ ...interval, region: copy });
    }
    child.#regions = [...copies.values()];
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

  #begun(mapping: Mapping): Region {
    if (this.#regions.length >= this.#most) this.#condense();
    const region = new Region(this.pid, mapping);
    if (region.kind === "anon" && this.#isAboveGuard(mapping)) region.kind = "thread-stack";
    this.#regions.push(region);
    return region;
  }

  /** Anonymous memory just like some that has vanished, in its place: the same region, mapped once more. */
  #again(mapping: Mapping): Region | null {
    const key = keyOf(mapping);
    const region = this.#gone.get(key);
    if (region === undefined) return null;
    this.#gone.delete(key);
    region.remapped();
    return region;
  }

  /** Of the vanished regions the less busy half become one, those without faults none. */
  #condense(): void {
    const vanished = this.#regions.filter((region) => region.vanished && region !== this.#condensed);
    const least = vanished.toSorted((a, b) => a.faults - b.faults).slice(0, Math.ceil(vanished.length / 2));
    this.#condensed ??= condensedIn(this.pid);
    for (const region of least) this.#condensed.absorb(region);
    const dropped = new Set(least);
    const kept = this.#regions.filter((region) => !dropped.has(region) && region !== this.#condensed);
    this.#regions = [...kept, this.#condensed];
    this.#most = Math.max(REGIONS_MOST, kept.length + REGIONS_MOST / 2); // those that live cannot become fewer
    for (const [key, region] of this.#gone) if (dropped.has(region)) this.#gone.delete(key);
  }

  /**
   * A file's mapping beside or over another of that file belongs to it. The kernel reports anonymous
   * memory as merged: one that contains a known region of its permissions is the same, grown.
   */
  #continued(mapping: Mapping): Region | null {
    const [start, end] = [mapping.start / PAGE, Math.ceil(mapping.end / PAGE)];
    for (const interval of this.#intervals.touching(start, end)) {
      const { region } = interval;
      const isSame =
        interval.start === start && interval.end === end && interval.permissions === mapping.permissions;
      if (region.isOf(mapping) && (isSame || !this.#options.eachMapping)) return region;
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
    const [below] = this.#intervals.around(mapping.start / PAGE - 1);
    if (below === undefined || mapping.end - mapping.start < THREAD_STACK_BYTES) return false;
    return (
      below.permissions.startsWith("---") &&
      below.end * PAGE === mapping.start &&
      (below.end - below.start) * PAGE <= GUARD_BYTES
    );
  }

  #vanishIfGone(region: Region): void {
    if (region.parts > 0) return;
    region.vanished = true;
    if (region.kind !== "stack" && region.inode === 0) this.#gone.set(keyOf(region), region);
  }

  #grownStack(page: number): Region | null {
    const [, above] = this.#intervals.around(page);
    if (above?.region.kind !== "stack" || above.start - page > STACK_PAGES) return null;
    above.start = page;
    above.region.widen({ start: page * PAGE, end: above.region.end, offset: 0 });
    return above.region;
  }
}

/** What anonymous memory is known again by. */
const keyOf = ({ start, end, permissions, path }: Pick<Mapping, "start" | "end" | "permissions" | "path">) =>
  `${start} ${end} ${permissions} ${path}`;

/** Many that have vanished, in no one place. */
function condensedIn(pid: number): Region {
  const nowhere = { start: 0, end: 0, permissions: "----", offset: 0, device: "", inode: 0 };
  const region = new Region(pid, { ...nowhere, path: "[vanished]" });
  region.vanished = true;
  region.mappings = 0;
  return region;
}
