import { type NodeRange, nodeOf } from "../../kernel/numa.ts";
import type { FaultBatch } from "../../source/stream/batch.ts";
import { FAULT } from "../../source/stream/batch.ts";
import type { FaultEvent, MmapEvent } from "../../source/stream/event.ts";
import type { FaultSink } from "../../source/stream/recorder.ts";
import type { CodeMapping } from "../../symbols/place.ts";
import { accessOf } from "../types.ts";
import { AddressSpace, type AddressSpaceOptions } from "./address-space.ts";
import { addChain, book, bookWaiting, learn, wait } from "./booking.ts";
import { Departed } from "./departed.ts";
import { mappingOf } from "./mapping.ts";
import { mappingsOf, type ProcessReader } from "./process-reader.ts";
import { toldOf } from "./records.ts";
import type { Region } from "./region.ts";
import { type Fault, faultsOf, hasEnded, newTraced, settleTraced, type Traced } from "./traced.ts";
import { Callers } from "./who/callers.ts";

const PAGE = 4096;
/** Recorded by CPU, the last faults of a thread, in exit_mm(), come after its exit record (kernel/exit.c): ns. */
const LEAVE_NS = 250e6;

export interface CollectorOptions extends AddressSpaceOptions {
  /** Is told of code as it is first seen to fault. */
  hold?: (pid: number, mapping: CodeMapping) => void;
  /** Count call chains. */
  stacks?: boolean;
  /** Where the memory of several NUMA nodes lies: faults are told by node where their page is known. */
  nodes?: readonly NodeRange[];
}

/** Sorts the faults of a recording into regions, as the mappings were when they happened. */
export class Collector implements FaultSink {
  /** Those that live, as far as the stream tells. */
  readonly processes = new Map<number, Traced>();
  readonly departed: Departed;
  /** Minor and major faults that the recorder lost. */
  lost = 0;
  damaged: string | null = null;
  /** Set by the ready record: when the recording began, in Unix seconds. */
  startedAt = 0;
  /** Since then, seconds. */
  lastAt = 0;
  readonly #pids: readonly number[];
  readonly #reader: ProcessReader;
  readonly #options: CollectorOptions;
  /** Faults and events so far. */
  #position = 0;
  /** Whether the faults tell what access they were. */
  #hasAccess = false;
  /** Of counts by page and step; null where faults come one by one. */
  #stepNs: number | null = null;
  /** How well times are known. */
  #withinNs = 0;
  #current: Traced | null = null;
  /** The fault at hand, the same object for each: there are millions. */
  readonly #fault: Fault = {
    page: 0,
    tid: 0,
    major: false,
    mapped: 1,
    latency: null,
    access: null,
    node: null,
    ip: null,
    times: null,
  };
  /** Whose last thread has ended, and when. */
  readonly #leaving: { traced: Traced; time: number }[] = [];

  /** @param pids processes that are there when it begins */
  constructor(pids: readonly number[], reader: ProcessReader, options: CollectorOptions = {}) {
    this.#pids = pids;
    this.departed = new Departed(pids);
    this.#reader = reader;
    this.#options = options;
  }

  faults(batch: FaultBatch): void {
    const { count, time, page, pid, tid, flags, latency, physical, pageSize, ip, repeats } = batch;
    const { nodes = null } = this.#options;
    const fault = this.#fault;
    for (let i = 0; i < count; i++) {
      const traced = this.#at(pid[i] ?? 0, i);
      const times = repeats === null ? 1 : (repeats[i] ?? 0);
      const where = page[i] ?? 0;
      const major = ((flags[i] ?? 0) & FAULT.major) !== 0;
      if (major) traced.major += times;
      else traced.minor += times;
      const access = this.#hasAccess ? accessOf(flags[i] ?? 0) : null;
      traced.heat.add(where, time[i] ?? 0, major, access, times);
      if (batch.chain !== null) addChain(traced.callers, batch, i, major);
      if (traced.waiting.length > 0) this.#lookAgain(traced, i);
      const region = traced.space.find(where) ?? this.#lookedUp(traced, where, i);
      fault.page = where;
      fault.tid = tid[i] ?? 0;
      fault.major = major;
      fault.mapped = Math.max(1, (pageSize?.[i] ?? 0) / PAGE);
      fault.latency = latency === null ? null : (latency[i] ?? Number.NaN);
      fault.access = access;
      fault.node = nodes === null || physical === null ? null : nodeOf(physical[i] ?? 0, nodes);
      fault.ip = ip === null ? null : (ip[i] ?? 0);
      fault.times = repeats === null ? null : times;
      if (region !== null) book(traced, region, fault);
      else wait(traced, fault);
    }
    this.#position += count;
    if (count > 0) this.lastAt = (time[count - 1] ?? 0) / 1e9;
  }

  /** Compares with what is there when the recording has ended: what is not any more has vanished. */
  settle(): void {
    for (const traced of this.processes.values()) {
      if (faultsOf(traced) === 0) continue;
      const reading = hasEnded(traced) ? null : this.#reader.read(traced.pid, "last");
      if (reading !== null && traced.waiting.length > 0) learn(traced, reading, this.#stepNs !== null);
      bookWaiting(traced);
      const maps = mappingsOf(reading);
      if (maps.length > 0) traced.space.settle(maps);
    }
  }

  event(event: FaultEvent): void {
    if (event.type !== "damaged") this.#position++; // a recording does not tell where
    switch (event.type) {
      case "ready":
        this.startedAt = event.startedAt;
        this.#stepNs = event.stepNs;
        this.#withinNs = event.stepNs ?? event.lateNs;
        for (const pid of this.#pids) this.#first(pid);
        this.#hasAccess = event.access;
        break;
      case "mmap":
        this.#mapped(event);
        break;
      case "comm": {
        const traced = this.#process(event.pid);
        if (event.tid === event.pid) traced.comm = event.comm;
        if (event.exec) {
          bookWaiting(traced);
          traced.space.clear();
          traced.callers.clear();
          this.#reader.execed?.(event.pid);
        }
        break;
      }
      case "fork":
        if (event.parentPid !== event.pid) this.#forked(event.parentPid, event.pid);
        else this.#count(event.pid, 1, event.time);
        this.#settleUntil(event.time - LEAVE_NS);
        break;
      case "exit":
        this.#count(event.pid, -1, event.time);
        break;
      case "end":
        this.lost = event.minor.lost + event.major.lost;
        break;
      case "damaged":
        this.damaged = event.reason;
        break;
    }
  }

  #at(pid: number, ahead: number): Traced {
    if (this.#current?.pid === pid) return this.#current;
    this.#current = this.#process(pid);
    // who counts tells of no mapping: what is there now is looked at before each step's faults
    if (this.#stepNs !== null) this.#lookAgain(this.#current, ahead);
    return this.#current;
  }

  #process(pid: number): Traced {
    const known = this.processes.get(pid);
    if (known) return known;
    return this.#add(pid, new AddressSpace(pid, this.#options), "");
  }

  /** All processes that something may be told of. */
  all(): Traced[] {
    return [...this.departed.kept, ...this.processes.values()];
  }

  #add(pid: number, space: AddressSpace, comm: string): Traced {
    const traced = newTraced(pid, comm, space, this.#callersIn(pid, space), this.#withinNs);
    this.processes.set(pid, traced);
    return traced;
  }

  #callersIn(pid: number, space: AddressSpace): Callers {
    const { hold, stacks = false } = this.#options;
    return new Callers((page) => space.mappingAt(page), {
      stacks,
      hold: (mapping) => hold?.(pid, mapping),
    });
  }

  #mapped(event: MmapEvent): void {
    const { space, callers } = this.#process(event.pid);
    const mapping = mappingOf(event);
    space.map(mapping);
    if (mapping.permissions[2] === "x") callers.mapped(mapping);
  }

  #forked(parent: number, child: number): void {
    const from = this.#process(parent);
    // never seen before, and alive: a child that dies soon can only be known by it
    if (from.space.isEmpty) this.#lookAgain(from, -1);
    const before = this.processes.get(child);
    if (before !== undefined) this.#end(before); // its number has been given to another
    this.#add(child, from.space.fork(child), from.comm).threads = 1;
  }

  /** A thread has come or gone; with the last one the process has ended. */
  #count(pid: number, change: number, time: number): void {
    const traced = this.processes.get(pid);
    if (traced === undefined || traced.threads === null) return;
    traced.threads += change;
    if (traced.threads === 0) this.#leaving.push({ traced, time });
  }

  #settleUntil(time: number): void {
    const still = this.#leaving.findIndex((each) => each.time > time);
    for (const { traced } of this.#leaving.splice(0, still < 0 ? this.#leaving.length : still)) {
      if (this.processes.get(traced.pid) === traced && traced.threads === 0) this.#end(traced);
    }
  }

  #end(traced: Traced): void {
    const { pid } = traced;
    this.processes.delete(pid);
    if (this.#current === traced) this.#current = null;
    this.#reader.ended?.(pid);
    if (faultsOf(traced) === 0 && !this.#pids.includes(pid)) return;
    bookWaiting(traced);
    settleTraced(traced, toldOf(traced, this));
    this.departed.add(traced);
  }

  /** What is mapped once everything is attached. */
  #first(pid: number): void {
    const traced = this.#process(pid);
    const reading = this.#reader.read(pid, "first");
    traced.comm = reading?.comm ?? "";
    for (const mapping of mappingsOf(reading)) traced.space.map(mapping);
  }

  #lookedUp(traced: Traced, page: number, ahead: number): Region | null {
    return this.#lookAgain(traced, ahead) ? traced.space.find(page) : null;
  }

  /**
   * munmap, mremap and madvise leave no record, nor does what existed before: /proc is right.
   *
   * @returns whether it was read
   */
  #lookAgain(traced: Traced, ahead: number): boolean {
    const reading = this.#reader.read(traced.pid, this.#position + ahead);
    if (reading === null) return false;
    learn(traced, reading, this.#stepNs !== null);
    bookWaiting(traced);
    return true;
  }
}
