/** Records of possible runs, for tests that need a start or a summary and say what matters in it. */
import type { SampleRecord, StartRecord, SummaryRecord } from "../lib/metric/record.ts";

export const T0 = 1_790_000_000;

export const start = (changes: Partial<StartRecord> = {}): StartRecord => ({
  type: "start",
  schema: 1,
  tool: "pgfaultstat",
  version: "0.1.0",
  time: T0,
  target: "pid 42",
  pids: [42],
  source: "bpftrace",
  why: "the first of auto, and it attached",
  interval: 1,
  latency: false,
  types: false,
  perThread: false,
  degraded: [],
  ...changes,
});

export const sample = (changes: Partial<SampleRecord> = {}): SampleRecord => ({
  type: "sample",
  time: T0 + 1,
  seconds: 1,
  pid: 42,
  comm: "cat",
  minor: 5120,
  major: 0,
  minorPerSecond: 5120,
  majorPerSecond: 0,
  rss: 12_582_912,
  ...changes,
});

export const summary = (changes: Partial<SummaryRecord> = {}): SummaryRecord => ({
  type: "summary",
  time: T0 + 3,
  pid: 42,
  comm: "cat",
  seconds: 3,
  minor: 10_249,
  major: 7,
  failed: 0,
  kernelMinor: 10_249,
  kernelMajor: 7,
  untraced: 0,
  edge: 0,
  unexplained: 0,
  lost: 0,
  exited: true,
  endedBy: "exit",
  exitStatus: 0,
  ...changes,
});
