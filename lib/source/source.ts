import type { LatencyCounts } from "../fault/latency.ts";
import type { FaultClass } from "../metric/record.ts";

/**
 * A source of fault counts: bpftrace, perf stat, our own perf counters, or /proc. All give the same:
 * cumulative counts per process (or thread) at every tick, from which everything else is derived.
 */
export const SOURCES = ["bpftrace", "kprobe", "counters", "perf", "proc"] as const;
export type SourceName = (typeof SOURCES)[number];

/** Which tasks are counted. */
export type Scope =
  | { kind: "pids"; pids: number[]; follow: boolean }
  | { kind: "cgroup"; ids: number[]; directory: string }
  | { kind: "all" };

export interface SourceOptions {
  scope: Scope;
  /** Time between ticks in seconds. */
  tick: number;
  perThread: boolean;
  latency: boolean;
  types: boolean;
}

/** Totals of one process (tid null) or thread since the source attached. */
export interface TaskCounts {
  pid: number;
  tid: number | null;
  minor: number;
  major: number;
  /** Faults begun, failed ones included; null where the source does not count them. */
  entries: number | null;
  latency: Record<FaultClass, LatencyCounts> | null;
  /** Entries by x86 error code. */
  types: Map<number, number> | null;
}

/** What the kernel itself had counted when threads of a process ended (bt/exits.bt). */
export interface ExitCounts {
  minor: number;
  major: number;
  runSeconds: number;
  comm: string;
}

export interface Tick {
  /** Unix seconds. */
  time: number;
  tasks: TaskCounts[];
  exits: Map<number, ExitCounts>;
  /** The last one, read after the source was detached. */
  final: boolean;
}

export interface AttachedSource {
  /** What counts, in words. */
  description: string;
  /** What was asked for and this source cannot give, one sentence each. */
  degraded: string[];
  /** Ends after the final tick; throws UserError when the source died. */
  ticks: AsyncIterable<Tick>;
  /**
   * Detaches; the final tick follows. Harmless when repeated.
   * @param onDetached called as soon as it counts no more, before the last counts have arrived
   */
  stop(onDetached?: () => void): Promise<void>;
  /** Forked children are counted in the row of the process that they come from. */
  family?: boolean;
  /** Faults that the source lost; null while it cannot tell. */
  lost(): number | null;
}

/** @throws UserError when it cannot attach, with the reason in one line */
export type AttachSource = (options: SourceOptions) => Promise<AttachedSource>;
