import { UserError } from "../../cli/error.ts";
import type { ExceptedFaults } from "../../metric/map-record.ts";
import type { FaultBatch } from "../../source/stream/batch.ts";
import type { FaultEvent, ReadyEvent } from "../../source/stream/event.ts";
import type { FaultSink } from "../../source/stream/recorder.ts";

/** A moment in which marking kept a process from its memory: CLOCK_MONOTONIC, ns. */
export interface Stall {
  beginNs: number;
  endNs: number;
}

/** All of a recording. */
export interface Stalls {
  /** By pid, in the order of time, without overlap. */
  byPid: ReadonlyMap<number, readonly Stall[]>;
  /** Unix time less CLOCK_MONOTONIC, seconds, to some ms: it tells whether two recordings are of one clock. */
  clockOffset: number;
}

/** wss and faultrec read the same clock; wss states its readings to this, ns. */
const CLOCK_NS = 10_000;
/** Unix time less CLOCK_MONOTONIC says when the machine was started: the same within this, seconds, on one machine. */
const CLOCKS_DIFFER = 5;

/** A stall of one process, in ns since the ready record. */
interface Moment {
  from: number;
  to: number;
  /** A fault of the recording lies in it. */
  hit: boolean;
}

interface Process {
  faults: number;
  moments: readonly Moment[];
}

/**
 * Hands a stream of faults on without the latency of those that were under way in a stall: what they waited for
 * was wss, not the process's own doing. A fault lasts from its entry to its completion, latency ns later.
 */
export class Except implements FaultSink {
  readonly #sink: FaultSink;
  readonly #stalls: Stalls;
  readonly #processes = new Map<number, Process>();
  /** ns since the ready record, of the last fault or event. */
  #last = 0;
  /** Why nothing can be left out of this stream. */
  #objection: string | null = null;

  constructor(sink: FaultSink, stalls: Stalls) {
    this.#sink = sink;
    this.#stalls = stalls;
  }

  faults(batch: FaultBatch): void {
    const { count, time, pid, latency } = batch;
    if (count > 0) this.#last = time[count - 1] ?? 0;
    for (let i = 0; latency !== null && i < count; i++) {
      const process = this.#processes.get(pid[i] ?? 0);
      if (process === undefined) continue;
      const end = time[i] ?? 0;
      if (!meets(process.moments, end - (latency[i] ?? Number.NaN), end)) continue;
      latency[i] = Number.NaN;
      process.faults++;
    }
    this.#sink.faults(batch);
  }

  event(event: FaultEvent): void {
    if (event.type === "ready") this.#begin(event);
    else if (event.type !== "damaged") this.#last = event.time;
    this.#sink.event(event);
  }

  /** What was left out of a process; null where wss did not measure it. */
  of(pid: number): ExceptedFaults | null {
    const process = this.#processes.get(pid);
    if (process === undefined) return null;
    const { faults, moments } = process;
    return {
      faults,
      stalls: moments.filter(({ hit }) => hit).length,
      ofStalls: this.#recorded(moments).length,
    };
  }

  /** @throws UserError when the stream, which has been read, and the stalls do not belong together */
  check(): void {
    const pids = [...this.#stalls.byPid.keys()].join(", ");
    const isBeside = [...this.#processes.values()].some(({ moments }) => this.#recorded(moments).length > 0);
    const objection =
      this.#objection ??
      (isBeside ? null : `that recording of wss (pid ${pids}) was not taken at the same time`);
    if (objection !== null) throw new UserError(`option '--except': ${objection}`);
  }

  #begin({ latency, monotonicNs, startedAt }: ReadyEvent): void {
    const { byPid, clockOffset } = this.#stalls;
    if (!latency) this.#objection = "the recording has no latencies: make it with pgfaultmap -l";
    else if (Math.abs(startedAt - monotonicNs / 1e9 - clockOffset) > CLOCKS_DIFFER)
      this.#objection = "the two recordings are of different machines, or the clock was set between them";
    const since = ({ beginNs, endNs }: Stall): Moment => ({
      from: beginNs - monotonicNs - CLOCK_NS,
      to: endNs - monotonicNs + CLOCK_NS,
      hit: false,
    });
    for (const [pid, stalls] of byPid) this.#processes.set(pid, { faults: 0, moments: stalls.map(since) });
  }

  #recorded(moments: readonly Moment[]): Moment[] {
    return moments.filter(({ from, to }) => to >= 0 && from <= this.#last);
  }
}

/** Whether a fault from `begin` to `end` was under way in one of the moments, which are marked as hit; not for NaN. */
function meets(moments: readonly Moment[], begin: number, end: number): boolean {
  let [low, high] = [0, moments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moments[middle]?.to ?? 0) < begin) low = middle + 1;
    else high = middle;
  }
  let met = false;
  for (let at = low; (moments[at]?.from ?? Number.POSITIVE_INFINITY) <= end; at++) {
    const moment = moments[at];
    if (moment === undefined || Number.isNaN(begin)) break;
    moment.hit = true;
    met = true;
  }
  return met;
}
