/**
 * The records of pgfaultstat: one JSON object a line, each with `type` (docs/output.md).
 *
 * Times are Unix seconds, durations seconds unless the name ends in `Ns`, sizes bytes. A value that
 * could not be had is null, never 0. Counts in a sample belong to its interval, whose end is `time`;
 * the samples of a process add up to its summary.
 */

/** The version of this format, stated in every `start`. */
export const SCHEMA = 1;

export type FaultClass = "minor" | "major";
export const FAULT_CLASSES: readonly FaultClass[] = ["minor", "major"];

/** Percentiles of the service time of one class of faults; null where none was timed. */
export interface LatencySummary {
  /** Faults that were timed: all of them, or as many as the sampling took. */
  count: number;
  p50Ns: number | null;
  p90Ns: number | null;
  p99Ns: number | null;
  maxNs: number | null;
}

/** One power of two of a latency histogram: faults of `fromNs` up to below `toNs`. */
export interface LatencyBucket {
  fromNs: number;
  toNs: number;
  minor: number;
  major: number;
}

/**
 * How the faults came about, by the x86 error code (Intel SDM vol. 3, 4.7): counts of entries,
 * failed faults included. read + write + execute + copyOnWrite = user + kernel.
 */
export interface AccessTypes {
  read: number;
  write: number;
  execute: number;
  /** Writes to a page that was present but not writable: copy-on-write and first writes to clean shared pages. */
  copyOnWrite: number;
  user: number;
  kernel: number;
}

export interface StartRecord {
  type: "start";
  schema: number;
  tool: string;
  version: string;
  time: number;
  /** What is traced, in words: "pid 42", "command ./a.out", "cgroup /a/b", "all processes". */
  target: string;
  /** The pids at the start; empty for all processes. */
  pids: number[];
  source: string;
  /** Why this source, and what was tried before it. */
  why: string;
  interval: number;
  latency: boolean;
  types: boolean;
  perThread: boolean;
  /** What was asked for and cannot be had, and what the figures then mean. */
  degraded: string[];
}

export interface SampleRecord {
  type: "sample";
  time: number;
  seconds: number;
  pid: number;
  tid?: number;
  comm: string;
  minor: number;
  major: number;
  minorPerSecond: number;
  majorPerSecond: number;
  /** Resident set of the process in bytes; null once it is gone. */
  rss: number | null;
  latency?: Record<FaultClass, LatencySummary>;
  types?: AccessTypes | null;
}

export interface SummaryRecord {
  type: "summary";
  time: number;
  pid: number;
  comm: string;
  seconds: number;
  minor: number;
  major: number;
  /** Faults that ended in a signal or an error: page-faults - minor - major; null where not counted. */
  failed: number | null;
  /** What /proc (or the kernel's own counters at the exit) counted over the same window; null if unreadable. */
  kernelMinor: number | null;
  kernelMajor: number | null;
  /** Counted by the kernel, caused by no access of the CPU: MAP_POPULATE, mlock, O_DIRECT, exec's argument copy. */
  untraced: number | null;
  /** How far the kernel's window may differ from the tracer's; 0 where both are exact. */
  edge: number | null;
  /** Faults traced beyond what the kernel counted in its wider window; 0 where the books balance. */
  unexplained: number | null;
  /** Forked children are counted in (-f through counters or perf): the kernel's side is then null. */
  family?: true;
  /** Events that the source itself lost; null where it cannot tell. */
  lost: number | null;
  /** Share of the run time (CPU time + waiting for major faults) spent in faults, 0..1. */
  faultShare?: number | null;
  latency?: Record<FaultClass, LatencySummary>;
  histogram?: LatencyBucket[];
  types?: AccessTypes | null;
  /** The process ended while it was traced. */
  exited: boolean;
  endedBy: EndedBy;
  /** Status of COMMAND, 128 + n when it died by signal n; null for other targets. */
  exitStatus: number | null;
}

export type EndedBy = "count" | "duration" | "interrupt" | "exit" | "failure" | "recording";

/** Why a run did not end as asked: the source died, or the recording was cut. The summaries follow it. */
export interface ErrorRecord {
  type: "error";
  time: number;
  message: string;
}

export type FaultRecord = StartRecord | SampleRecord | SummaryRecord | ErrorRecord;
