/** What the browser draws of a process: columns of numbers, which is what a chart reads and what stays small. */

import type { CurvePoint, WssSampleRecord } from "../lib/metric/wss-record.ts";
import { intervalRows } from "./columns.ts";
import { visible } from "./text.ts";
import type { WssProcess } from "./wss-run.ts";

type Column = (number | null)[];

/** The windows of one method; a row's value is valid from the row before it. Bytes. */
export interface MethodColumns {
  time: number[];
  wss: Column;
  low: Column;
  high: Column;
}

/** A curve: the windows as they really were, seconds, and what was touched in them, bytes. */
export type CurveColumns = Record<"seconds" | "median" | "least" | "most" | "low" | "high" | "rss", number[]>;

export interface WssData {
  /** Harmless text. */
  name: string;
  /** One for each method of the run, in its order. */
  methods: MethodColumns[];
  /** The windows of all methods, which never overlap: sizes in bytes, faults a second. */
  memory: Record<"time", number[]> & Record<"rss" | "pss" | "swap" | "minor" | "major", Column>;
  /** When marking held the mmap lock of the process, seconds since the origin. */
  stalls: [number, number][];
  /** One for each method of the run; null where there is none. */
  curves: (CurveColumns | null)[];
}

const rate = (count: number | null | undefined, seconds: number): number | null =>
  count == null || seconds <= 0 ? null : Number((count / seconds).toPrecision(6));

/** Seconds to 1 us: a stall is shorter than anything else on the page. */
const fine = (seconds: number) => Math.round(seconds * 1e6) / 1e6;

function columnsOf(samples: readonly WssSampleRecord[], origin: number): MethodColumns {
  const { time, rows } = intervalRows(samples, origin);
  const column = (key: "wss" | "wssLow" | "wssHigh") => rows.map((row) => row?.[key] ?? null);
  return { time, wss: column("wss"), low: column("wssLow"), high: column("wssHigh") };
}

function memoryOf(samples: readonly WssSampleRecord[], origin: number): WssData["memory"] {
  const { time, rows } = intervalRows(samples, origin);
  const size = (key: "rss" | "pss" | "swap") => rows.map((row) => row?.[key] ?? null);
  const faults = (key: "minor" | "major") => rows.map((row) => row && rate(row[key], row.seconds));
  return {
    ...{ time, rss: size("rss"), pss: size("pss"), swap: size("swap") },
    ...{ minor: faults("minor"), major: faults("major") },
  };
}

function curveOf(points: readonly CurvePoint[]): CurveColumns {
  const column = (key: keyof CurvePoint) => points.map((point) => point[key]);
  return {
    ...{ seconds: column("seconds"), median: column("wssMedian"), least: column("wssMin") },
    ...{ most: column("wssMax"), low: column("wssLow"), high: column("wssHigh"), rss: column("rss") },
  };
}

export function wssData(process: WssProcess, methods: readonly string[], origin: number): WssData {
  const { name, samples, curves } = process;
  return {
    name: visible(name),
    methods: methods.map((method) =>
      columnsOf(
        samples.filter((sample) => sample.method === method),
        origin,
      ),
    ),
    memory: memoryOf(samples, origin),
    stalls: samples.flatMap(({ stall }) =>
      Array.isArray(stall) ? [[fine(stall[0] - origin), fine(stall[1] - origin)] as [number, number]] : [],
    ),
    curves: methods.map((method) => {
      const curve = curves.find((one) => one.method === method);
      return curve === undefined || curve.points.length === 0 ? null : curveOf(curve.points);
    }),
  };
}
