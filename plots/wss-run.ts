/** The records of wss, sorted by process. Any of them may be missing: a recording can be cut anywhere. */

import type { ErrorRecord } from "../lib/metric/record.ts";
import type { WssLimitRecord } from "../lib/metric/wss-limit-record.ts";
import type {
  WssCurveRecord,
  WssRecord,
  WssRegionRecord,
  WssSampleRecord,
  WssStartRecord,
  WssSummaryRecord,
} from "../lib/metric/wss-record.ts";
import { groupedByPid } from "./grouped.ts";

export interface WssProcess {
  pid: number;
  /** "comm 42", or "pid 42" where no name is known; not yet harmless. */
  name: string;
  /** By the method that shows most of it. */
  median: number;
  samples: WssSampleRecord[];
  regions: WssRegionRecord[];
  summaries: WssSummaryRecord[];
  curves: WssCurveRecord[];
}

export interface WssRun {
  start: WssStartRecord | null;
  /** In the order of their turns. */
  methods: string[];
  /** The largest first. */
  processes: WssProcess[];
  limits: WssLimitRecord[];
  errors: ErrorRecord[];
  /** What methods could not look at, in words. */
  refusals: string[];
  /** Summaries and curves: what closes a recording. */
  closing: (WssSummaryRecord | WssCurveRecord)[];
  /** Unix time that is second 0 of the page. */
  origin: number;
  /** Seconds from the origin to the last record. */
  seconds: number;
}

export function wssRunOf(records: readonly WssRecord[]): WssRun {
  const start = records.find((record) => record.type === "start") ?? null;
  const samples = records.filter((record) => record.type === "sample");
  const points = records.filter((record) => record.type === "point");
  const regions = records.filter((record) => record.type === "region");
  const summaries = records.filter((record) => record.type === "summary");
  const curves = records.filter((record) => record.type === "curve");
  const limits = records.filter((record) => record.type === "limit");
  const measured = [...samples, ...points];
  const first = measured.reduce((least, { time, seconds }) => Math.min(least, time - seconds), Infinity);
  const closing = [...summaries, ...curves];
  const origin = Math.min(start?.time ?? Infinity, first, closing[0]?.time ?? Infinity);
  const last = measured.reduce((most, { time }) => Math.max(most, time), origin);
  const methods = new Set([
    ...(start?.methods ?? []),
    ...[...measured, ...closing].map(({ method }) => method),
  ]);
  const pids = new Set([...measured, ...regions, ...closing].map(({ pid }) => pid));
  const of = <Kind extends { pid: number }>(all: Map<number, Kind[]>, pid: number): Kind[] =>
    all.get(pid) ?? [];
  const [samplesOf, regionsOf] = [groupedByPid(samples), groupedByPid(regions)];
  const [summariesOf, curvesOf] = [groupedByPid(summaries), groupedByPid(curves)];
  const processes = [...pids].map((pid): WssProcess => {
    const own = {
      samples: of(samplesOf, pid),
      regions: of(regionsOf, pid),
      summaries: of(summariesOf, pid),
      curves: of(curvesOf, pid),
    };
    const named = own.samples.at(-1) ?? own.summaries[0] ?? own.curves[0];
    const medians = [
      ...own.summaries.map(({ wssMedian }) => wssMedian),
      ...own.curves.map(({ points: [...all] }) => all.at(-1)?.wssMedian ?? 0),
    ];
    return {
      ...{ pid, ...own, name: named === undefined ? `pid ${pid}` : `${named.comm} ${pid}` },
      median: medians.reduce((most, value) => Math.max(most, value), 0),
    };
  });
  return {
    ...{ start, limits, closing, methods: [...methods] },
    refusals: records.flatMap((one) =>
      one.type === "refused" ? [`${one.comm} ${one.pid} is left out by ${one.method}: ${one.reason}`] : [],
    ),
    errors: records.filter((record) => record.type === "error"),
    processes: processes.sort((a, b) => b.median - a.median || a.pid - b.pid),
    origin: Number.isFinite(origin) ? origin : 0,
    seconds: Number.isFinite(last) && Number.isFinite(origin) ? last - origin : 0,
  };
}
