import type { Mapping } from "../../procfs/maps.ts";
import type { FaultBatch } from "../../source/faultrec/batch.ts";
import type { FaultrecSink } from "../../source/faultrec/decode.ts";
import type { FaultrecEvent, MmapEvent } from "../../source/faultrec/event.ts";
import { FAULT } from "../../source/faultrec/layout.ts";
import { AddressSpace } from "./address-space.ts";
import { Heat } from "./heat.ts";
import { Region } from "./region.ts";

/** Mappings of a process as they are now; empty when it is gone. */
export type ReadMaps = (pid: number) => Mapping[];

const PAGE = 4096;
/** Reading maps costs the target its mmap lock: not more often for faults in places nobody knows. */
const REREAD_MS = 20;

/** One process of the recording. */
export interface Traced {
  pid: number;
  comm: string;
  minor: number;
  major: number;
  space: AddressSpace;
  heat: Heat;
  /** Faults in places that no mapping was known for. */
  unmapped: Region;
}

/** Sorts the faults of a recording into regions, as the mappings were when they happened. */
export class Collector implements FaultrecSink {
  readonly processes = new Map<number, Traced>();
  /** Minor and major faults that the recorder lost. */
  lost = 0;
  damaged: string | null = null;
  readonly #readMaps: ReadMaps;
  readonly #now: () => number;
  readonly #lastRead = new Map<number, number>();
  #current: Traced | null = null;

  constructor(readMaps: ReadMaps, now: () => number = () => performance.now()) {
    this.#readMaps = readMaps;
    this.#now = now;
  }

  /** What is mapped now; call once the recorder is attached. */
  snapshot(pid: number): void {
    const { space } = this.#process(pid);
    for (const mapping of this.#readMaps(pid)) space.map(mapping);
  }

  faults({ count, time, page, pid, tid, flags, pageSize }: FaultBatch): void {
    for (let i = 0; i < count; i++) {
      const traced = this.#at(pid[i] ?? 0);
      const where = page[i] ?? 0;
      const major = ((flags[i] ?? 0) & FAULT.major) !== 0;
      if (major) traced.major++;
      else traced.minor++;
      const region = traced.space.find(where) ?? this.#lookAgain(traced, where) ?? traced.unmapped;
      const mapped = Math.max(1, (pageSize?.[i] ?? 0) / PAGE);
      region.fault(where, tid[i] ?? 0, major, mapped);
      traced.heat.add(where, time[i] ?? 0, major);
    }
  }

  event(event: FaultrecEvent): void {
    switch (event.type) {
      case "mmap":
        this.#process(event.pid).space.map(mappingOf(event));
        break;
      case "comm": {
        const traced = this.#process(event.pid);
        if (event.tid === event.pid) traced.comm = event.comm;
        if (event.exec) {
          traced.space.clear();
          this.#lastRead.delete(event.pid);
        }
        break;
      }
      case "fork":
        if (event.parentPid !== event.pid) this.#forked(event.parentPid, event.pid);
        break;
      case "end":
        this.lost = event.minor.lost + event.major.lost;
        break;
      case "damaged":
        this.damaged = event.reason;
        break;
    }
  }

  #at(pid: number): Traced {
    if (this.#current?.pid !== pid) this.#current = this.#process(pid);
    return this.#current;
  }

  #process(pid: number): Traced {
    const known = this.processes.get(pid);
    if (known) return known;
    return this.#add(pid, new AddressSpace(pid), "");
  }

  #add(pid: number, space: AddressSpace, comm: string): Traced {
    const unmapped = new Region(pid, {
      start: 0,
      end: 0,
      permissions: "----",
      offset: 0,
      device: "",
      inode: 0,
      path: "",
    });
    unmapped.kind = "unmapped";
    const traced: Traced = { pid, comm, minor: 0, major: 0, space, heat: new Heat(), unmapped };
    this.processes.set(pid, traced);
    return traced;
  }

  #forked(parent: number, child: number): void {
    const from = this.processes.get(parent);
    if (from === undefined || this.processes.has(child)) return;
    this.#add(child, from.space.fork(child), from.comm);
  }

  /** munmap, mremap and madvise leave no record, nor does what existed before: /proc is right. */
  #lookAgain({ pid, space }: Traced, page: number): Region | null {
    const now = this.#now();
    if (now - (this.#lastRead.get(pid) ?? Number.NEGATIVE_INFINITY) < REREAD_MS) return null;
    this.#lastRead.set(pid, now);
    for (const mapping of this.#readMaps(pid)) {
      if (space.find(mapping.start / PAGE) === null || space.find(mapping.end / PAGE - 1) === null)
        space.map(mapping);
    }
    return space.find(page);
  }
}

/** PROT_* and MAP_* of include/uapi/asm-generic/mman-common.h. */
const PROT = [1, 2, 4] as const;
const MAP_SHARED = 1;

function mappingOf(event: MmapEvent): Mapping {
  const letters = PROT.map((bit, i) => (event.protection & bit ? ("rwx"[i] ?? "-") : "-")).join("");
  return {
    start: event.start,
    end: event.end,
    permissions: `${letters}${event.flags & MAP_SHARED ? "s" : "p"}`,
    offset: event.inode === 0 ? 0 : event.offset,
    device: event.device,
    inode: event.inode,
    path: event.path === "//anon" ? "" : event.path,
  };
}
