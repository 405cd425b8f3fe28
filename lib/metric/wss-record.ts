import type { EndedBy, ErrorRecord } from "./record.ts";
import type { WssLimitRecord } from "./wss-limit-record.ts";

/**
 * The records of wss (docs/wss.md): one start, then a sample for each process and window, and a summary for each
 * process; with --curve a point for each reading instead, and a curve for each process; with --limit a limit for
 * each memory that the processes have to share. Times are Unix seconds, durations seconds, sizes bytes; a value that could not be had is null.
 */
export interface WssStartRecord {
  type: "start";
  schema: number;
  tool: string;
  version: string;
  time: number;
  target: string;
  pids: number[];
  /** Others may come: children, or new members of a cgroup. */
  follow: boolean;
  /** The methods, in the order of their turns. */
  methods: string[];
  /** Why these. */
  why: string;
  /** Seconds from one window's beginning to the next one's, as asked for; the shortest window of a curve. */
  interval: number;
  /** With --curve, the windows, seconds, ascending. */
  windows: number[] | null;
  /** How long marking will hold the target's mmap lock, seconds, by a measurement on the tool itself. */
  predictedStall: number | null;
  degraded: string[];
}

export interface WssSampleRecord {
  type: "sample";
  /** The end of the window. */
  time: number;
  /** The window as it really was: from the middle of the marking to the middle of the reading. */
  seconds: number;
  pid: number;
  comm: string;
  method: string;
  wss: number;
  /** The truth lies between these. */
  wssLow: number;
  wssHigh: number;
  anon: number;
  file: number;
  /** What the method cannot tell anything of; in wssHigh. */
  untracked: number;
  rss: number;
  pss: number;
  swap: number;
  /** The kernel's own count of the process's faults from the beginning of the marking to the end of the reading. */
  minor: number | null;
  major: number | null;
  /** What the target waited for at most: marking and reading together. */
  costSeconds: number;
  /** When marking held the target's mmap lock: [begin, end], to some ms. */
  stall: [number, number];
  /** The same of CLOCK_MONOTONIC, ns, to 10 us: to be compared with what was recorded beside it. */
  stallNs: [number, number];
}

export interface WssRegionRecord {
  type: "region";
  time: number;
  pid: number;
  method: string;
  start: string;
  end: string;
  permissions: string;
  kind: string;
  name: string;
  path: string | null;
  wss: number;
  wssLow: number;
  wssHigh: number;
  rss: number;
}

export interface WssSummaryRecord {
  type: "summary";
  time: number;
  pid: number;
  comm: string;
  method: string;
  seconds: number;
  samples: number;
  /** Of the samples: least, median, most. */
  wssMin: number;
  wssMedian: number;
  wssMax: number;
  /** Of the bounds: the least low and the highest high. */
  wssLow: number;
  wssHigh: number;
  rssMax: number;
  costSeconds: number;
  verdict: string;
  endedBy: EndedBy;
  exitStatus: number | null;
}

/** A process that a method cannot look at, once: it is left out. */
export interface WssRefusedRecord {
  type: "refused";
  time: number;
  pid: number;
  comm: string;
  method: string;
  reason: string;
}

/** One reading of an epoch: what was touched since its marking. */
export interface WssPointRecord {
  type: "point";
  time: number;
  pid: number;
  comm: string;
  method: string;
  /** Of this process under this method, from 1. */
  epoch: number;
  /** As planned, and as it really was; the next reading extends it. */
  window: number;
  seconds: number;
  wss: number;
  wssLow: number;
  wssHigh: number;
  rss: number;
  costSeconds: number;
  /** When the marking of its epoch held the target's mmap lock: as in a sample. */
  stall: [number, number];
  stallNs: [number, number];
}

/** What the epochs say of one window. */
export interface CurvePoint {
  window: number;
  /** Median of the windows as they really were. */
  seconds: number;
  epochs: number;
  wssMedian: number;
  wssMin: number;
  wssMax: number;
  /** The least low and the highest high bound. */
  wssLow: number;
  wssHigh: number;
  /** At most. */
  rss: number;
}

export interface WssCurveRecord {
  type: "curve";
  time: number;
  pid: number;
  comm: string;
  method: string;
  epochs: number;
  points: CurvePoint[];
  /** Readings that came too late for their window; no point has them. */
  late: number;
  /** Readings that were smaller than the one before in their epoch, and the most that was lost by one. */
  shrinks: number;
  largestShrink: number;
  verdict: string;
  endedBy: EndedBy;
  exitStatus: number | null;
}

export type WssRecord =
  | WssPointRecord
  | WssCurveRecord
  | WssLimitRecord
  | WssStartRecord
  | WssRefusedRecord
  | WssSampleRecord
  | WssRegionRecord
  | WssSummaryRecord
  | ErrorRecord;
