/** The records of pgfaultmap, sorted by process. Any of them may be missing: a recording can be cut anywhere. */

import type {
  FunctionRecord,
  HeatRecord,
  MapRecord,
  MapStartRecord,
  MapSummaryRecord,
  RegionRecord,
} from "../lib/metric/map-record.ts";
import type { ErrorRecord } from "../lib/metric/record.ts";
import { groupedByPid } from "./grouped.ts";

export interface MapProcess {
  pid: number;
  /** "comm 42", or "pid 42" without a summary; not yet harmless. */
  name: string;
  faults: number;
  regions: RegionRecord[];
  /** The busiest first. */
  functions: FunctionRecord[];
  heat: HeatRecord | null;
  summary: MapSummaryRecord | null;
}

/** Processes that a page has room for; what is below has few faults, the records have it. */
const PROCESSES_MOST = 50;

export interface MapRun {
  start: MapStartRecord | null;
  /** The busiest first; at most so many as a page has room for. */
  processes: MapProcess[];
  summaries: MapSummaryRecord[];
  errors: ErrorRecord[];
  /** Unix time that is second 0 of the page. */
  origin: number;
  /** Seconds from the origin to the end of the run. */
  seconds: number;
}

/** Number of bins up to the last one that has a fault. */
export function binsOf(heat: HeatRecord): number {
  return heat.cells.reduce((most, [, bin]) => Math.max(most, bin + 1), 0);
}

export function mapRunOf(records: readonly MapRecord[]): MapRun {
  const start = records.find((record) => record.type === "start") ?? null;
  const regions = records.filter((record) => record.type === "region");
  const functions = records.filter((record) => record.type === "function");
  const heats = records.filter((record) => record.type === "heat");
  const summaries = records.filter((record) => record.type === "summary");
  const errors = records.filter((record) => record.type === "error");
  const begins = [start?.time, ...heats.map(({ time }) => time)].filter((time) => time !== undefined);
  const ends = [
    ...heats.map((heat) => heat.time + binsOf(heat) * heat.binSeconds),
    ...summaries.map(({ time }) => time),
  ];
  const earliest = begins.reduce((least, time) => Math.min(least, time), Infinity);
  const origin = Number.isFinite(earliest) ? earliest : (summaries[0]?.time ?? 0);
  const pids = new Set([...summaries, ...regions, ...functions, ...heats].map(({ pid }) => pid));
  const byPid = groupedByPid(regions);
  const functionsByPid = groupedByPid(functions);
  const summaryOf = new Map(summaries.map((summary) => [summary.pid, summary]));
  const heatOf = new Map(heats.map((heat) => [heat.pid, heat]));
  const processes = [...pids].map((pid): MapProcess => {
    const summary = summaryOf.get(pid) ?? null;
    const own = byPid.get(pid) ?? [];
    return {
      pid,
      name: summary === null ? `pid ${pid}` : `${summary.comm} ${pid}`,
      faults: summary?.faults ?? own.reduce((sum, { minor, major }) => sum + minor + major, 0),
      regions: own.toSorted((a, b) => b.minor + b.major - (a.minor + a.major)),
      functions: functionsByPid.get(pid) ?? [],
      heat: heatOf.get(pid) ?? null,
      summary,
    };
  });
  return {
    ...{ start, summaries, errors, origin },
    processes: processes.sort((a, b) => b.faults - a.faults || a.pid - b.pid).slice(0, PROCESSES_MOST),
    seconds: Math.max(0, ends.reduce((most, time) => Math.max(most, time), origin) - origin),
  };
}
