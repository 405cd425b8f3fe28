/**
 * The samples of one process or thread as columns, which is what a chart reads and what stays small.
 *
 * A sample tells of the interval that ends at its time, so a chart must know where the interval
 * began: where nothing was sampled just before (at the start, after a gap) the columns hold a row
 * of nulls at the interval's start. A value is thus valid from the row before it up to its own row.
 */

import type { SampleRecord } from "../lib/metric/record.ts";
import { visible } from "./text.ts";

type Column = (number | null)[];

export interface LatencyColumns {
  minorP50: Column;
  minorP99: Column;
  majorP50: Column;
  majorP99: Column;
}

export interface Series {
  pid: number;
  tid: number | null;
  /** "comm 42" or "comm 42/43" for a thread; harmless text. */
  name: string;
  /** Faults in all samples. */
  faults: number;
  /** Seconds since the page's origin, ascending and unique, to 0.1 ms. */
  time: number[];
  /** Faults a second, six digits. */
  minor: Column;
  major: Column;
  /** Bytes. */
  rss: Column;
  /** Nanoseconds; null where no sample has it. */
  latency: LatencyColumns | null;
}

/** Of an interval's length: what may lie between two samples that still follow each other. */
const GAP = 0.5;

/** Rows a second at most: x must ascend, also where two samples carry one time. */
const STEPS = 10_000;

const LATENCY_KEYS = ["minorP50", "minorP99", "majorP50", "majorP99"] as const;

const rate = (value: number) => Number(value.toPrecision(6));
const round = (seconds: number) => Math.round(seconds * STEPS) / STEPS;

function latencyOf(sample: SampleRecord): Column {
  const { minor, major } = sample.latency ?? {};
  return [minor?.p50Ns ?? null, minor?.p99Ns ?? null, major?.p50Ns ?? null, major?.p99Ns ?? null];
}

export interface IntervalRows<Sample> {
  /** Seconds since the origin, ascending and unique, to 0.1 ms. */
  time: number[];
  /** null where nothing was sampled just before. */
  rows: (Sample | null)[];
}

/** The samples of one series as rows. `origin`: the Unix time that is 0. */
export function intervalRows<Sample extends { time: number; seconds: number }>(
  samples: readonly Sample[],
  origin: number,
): IntervalRows<Sample> {
  const time: number[] = [];
  const rows: (Sample | null)[] = [];
  for (const sample of samples.toSorted((a, b) => a.time - b.time)) {
    const previous = time.at(-1) ?? Number.NEGATIVE_INFINITY;
    const start = sample.time - origin - sample.seconds;
    const end = Math.max(round(sample.time - origin), round(previous + 1 / STEPS));
    if (start - previous > GAP * sample.seconds && round(start) > previous && round(start) < end) {
      time.push(round(start));
      rows.push(null);
    }
    time.push(end);
    rows.push(sample);
  }
  return { time, rows };
}

function pushRow(series: Series, sample: SampleRecord | null): void {
  series.minor.push(sample && rate(sample.minorPerSecond));
  series.major.push(sample && rate(sample.majorPerSecond));
  series.rss.push(sample?.rss ?? null);
  const values = sample && latencyOf(sample);
  LATENCY_KEYS.forEach((key, index) => {
    series.latency?.[key].push(values?.[index] ?? null);
  });
}

/** `samples`: those of one process or thread, at least one. `origin`: the Unix time that is 0. */
export function toSeries(samples: readonly SampleRecord[], origin: number): Series {
  const { time, rows } = intervalRows(samples, origin);
  const last = rows.at(-1) ?? undefined;
  if (last === undefined) throw new Error("a series needs a sample");
  const thread = last.tid === undefined ? "" : `/${last.tid}`;
  const series: Series = {
    pid: last.pid,
    tid: last.tid ?? null,
    name: `${visible(last.comm)} ${last.pid}${thread}`,
    faults: samples.reduce((sum, sample) => sum + sample.minor + sample.major, 0),
    time,
    minor: [],
    major: [],
    rss: [],
    latency: samples.some((sample) => sample.latency !== undefined)
      ? { minorP50: [], minorP99: [], majorP50: [], majorP99: [] }
      : null,
  };
  for (const row of rows) pushRow(series, row);
  return series;
}

/** One series per process or thread, the busiest first. */
export function seriesOf(samples: readonly SampleRecord[], origin: number): Series[] {
  const byKey = new Map<string, SampleRecord[]>();
  for (const sample of samples) {
    const key = `${sample.pid}/${sample.tid ?? ""}`;
    const group = byKey.get(key);
    if (group) group.push(sample);
    else byKey.set(key, [sample]);
  }
  return [...byKey.values()]
    .map((group) => toSeries(group, origin))
    .sort((a, b) => b.faults - a.faults || a.pid - b.pid);
}
