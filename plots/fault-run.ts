/** The records of one run, sorted by kind. Any of them may be missing: a recording can be cut anywhere. */

import type {
  ErrorRecord,
  FaultRecord,
  SampleRecord,
  StartRecord,
  SummaryRecord,
} from "../lib/metric/record.ts";

export interface Run {
  start: StartRecord | null;
  samples: SampleRecord[];
  summaries: SummaryRecord[];
  errors: ErrorRecord[];
  /** Unix time of the first interval's start. */
  origin: number;
  /** Seconds from the origin to the end of the last sample. */
  seconds: number;
}

export function runOf(records: readonly FaultRecord[]): Run {
  const start = records.find((record) => record.type === "start") ?? null;
  const samples = records.filter((record) => record.type === "sample");
  const summaries = records.filter((record) => record.type === "summary");
  const errors = records.filter((record) => record.type === "error");
  const first = samples.reduce((least, { time, seconds }) => Math.min(least, time - seconds), Infinity);
  const origin = Math.min(start?.time ?? Infinity, first);
  const last = samples.reduce((most, { time }) => Math.max(most, time), -Infinity);
  return {
    ...{ start, samples, summaries, errors },
    origin: Number.isFinite(origin) ? origin : (summaries[0]?.time ?? errors[0]?.time ?? 0),
    seconds: Number.isFinite(last) ? last - origin : 0,
  };
}
