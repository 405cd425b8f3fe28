/** Made-up but possible records of wss for the tests of its page. */

import type { WssLimitRecord } from "../../lib/metric/wss-limit-record.ts";
import type {
  WssCurveRecord,
  WssPointRecord,
  WssRecord,
  WssRegionRecord,
  WssSampleRecord,
  WssStartRecord,
} from "../../lib/metric/wss-record.ts";
import { Curves } from "../../lib/wss/curve.ts";
import { Summaries } from "../../lib/wss/summary.ts";
import { noise, T0 } from "./records.ts";

const MIB = 1 << 20;
const PAGE = 4096;

export const wssStart = (changes: Partial<WssStartRecord> = {}): WssStartRecord => ({
  ...{
    type: "start",
    schema: 1,
    tool: "wss",
    version: "0.1.0",
    time: T0,
    target: "pid 42",
    pids: [42],
    follow: false,
  },
  ...{ methods: ["referenced"], why: "accessed bits of the page tables", interval: 1, windows: null },
  ...{ predictedStall: 0.002, degraded: [] },
  ...changes,
});

export interface Shape {
  pid?: number;
  comm?: string;
  method?: string;
  count: number;
  /** Of the first window, and how many windows lie between two of this series: the others' turns. */
  first?: number;
  step?: number;
}

/** When the machine of these runs was started, Unix seconds. */
const BOOTED = T0 - 3600;

/** A marking, by both clocks. */
const stall = (begin: number, end: number): Pick<WssSampleRecord, "stall" | "stallNs"> => ({
  stall: [begin, end],
  stallNs: [Math.round((begin - BOOTED) * 1e9), Math.round((end - BOOTED) * 1e9)],
});

/** Windows of a second, each begun by a stall of 2 ms. */
export function wssSamples({
  pid = 42,
  comm = "index",
  method = "referenced",
  ...shape
}: Shape): WssSampleRecord[] {
  const { count, first = 0, step = 1 } = shape;
  const random = noise(pid + method.length);
  return Array.from({ length: count }, (_, index) => {
    const end = T0 + first + index * step + 1;
    const anon = Math.round((2 + 6 * random()) * 256) * PAGE;
    const file = Math.round(2 * random() * 256) * PAGE;
    const rss = (16 + Math.floor(index / 4)) * MIB;
    return {
      ...{ type: "sample", time: end, seconds: 1, pid, comm, method },
      ...{ wss: anon + file, wssLow: anon, wssHigh: anon + 2 * file, anon, file, untracked: 0 },
      ...{ rss, pss: rss - MIB, swap: index * PAGE, minor: index * 100, major: index % 5 },
      ...{ costSeconds: 0.004, ...stall(end - 1, end - 0.998) },
    };
  });
}

export function wssRegion(sample: WssSampleRecord, changes: Partial<WssRegionRecord> = {}): WssRegionRecord {
  const { time, pid, method } = sample;
  return {
    ...{ type: "region", time, pid, method, start: "0x7f0000000000", end: "0x7f0001000000" },
    ...{ permissions: "rw-p", kind: "anon", name: "anon", path: null },
    ...{ wss: sample.anon, wssLow: sample.anon, wssHigh: sample.anon, rss: 16 * MIB },
    ...changes,
  };
}

const CLOSING = { endedBy: "count", exitStatus: () => null } as const;

/** A whole run of these samples. */
export function wssRun(
  samples: readonly WssSampleRecord[],
  changes: Partial<WssStartRecord> = {},
): WssRecord[] {
  const sums = new Summaries();
  for (const sample of samples) sums.add(sample);
  const methods = [...new Set(samples.map(({ method }) => method))];
  const pids = [...new Set(samples.map(({ pid }) => pid))];
  const time = samples.reduce((most, sample) => Math.max(most, sample.time), T0);
  return [wssStart({ methods, pids, ...changes }), ...samples, ...sums.records({ ...CLOSING, time })];
}

export const WINDOWS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** Epochs of a process that touches 1 MiB at once and 8 MiB a second. */
export function wssPoints(epochs: number, pid = 42, comm = "index"): WssPointRecord[] {
  return Array.from({ length: epochs }, (_, index) =>
    WINDOWS.map((window): WssPointRecord => {
      const wss = MIB + Math.round(window * 8 * 256) * PAGE + index * PAGE;
      const begin = T0 + index;
      return {
        ...{ type: "point", time: begin + window, pid, comm, method: "referenced", epoch: index + 1, window },
        ...{ seconds: window * 1.02, wss, wssLow: wss - MIB / 2, wssHigh: wss + MIB / 2, rss: 16 * MIB },
        ...{ costSeconds: 0.003, ...stall(begin, begin + 0.002) },
      };
    }),
  ).flat();
}

export function wssCurves(points: readonly WssPointRecord[]): WssCurveRecord[] {
  const curves = new Curves();
  for (const point of points) curves.add(point);
  return curves.records({ ...CLOSING, time: points.at(-1)?.time ?? T0 });
}

export const limit = (changes: Partial<WssLimitRecord> = {}): WssLimitRecord => ({
  ...{ type: "limit", time: T0 + 10, seconds: 10, pids: [42], comms: ["index"], method: "referenced" },
  ...{ what: "memory.max", cgroup: "/sys/fs/cgroup/app", limit: 100 * MIB, charged: 60 * MIB },
  chargedMost: 98 * MIB,
  ...{ droppable: 20 * MIB, others: 8 * MIB, wss: 30 * MIB, wssHigh: 32 * MIB, rss: 40 * MIB, swap: 0 },
  ...{ headroom: 60 * MIB, memAvailable: 2048 * MIB, swapTotal: 0, swapFree: 0 },
  witnesses: {
    ...{ refaultAnon: 0, refaultFile: 0, refaultsOf: "cgroup", major: 0, hits: 0, oomKills: 0 },
    pressure: 0,
  },
  ...{ fits: "room", verdict: "index (pid 42) fits, with 60M of the 100M of memory.max to spare." },
  ...changes,
});
