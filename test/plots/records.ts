/** Made-up but possible records for the tests of the page: what a real run of these shapes would write. */

import type {
  FaultRecord,
  LatencyBucket,
  LatencySummary,
  SampleRecord,
  StartRecord,
  SummaryRecord,
} from "../../lib/metric/record.ts";

export const T0 = 1_790_000_000;

export function start(changes: Partial<StartRecord> = {}): StartRecord {
  return {
    type: "start",
    schema: 1,
    tool: "pgfaultstat",
    version: "0.1.0",
    time: T0,
    target: "command ./build/index --input corpus.bin",
    pids: [4217],
    source: "bpftrace",
    why: "software events with the address and the service time; first of bpftrace, perf, proc that works here",
    interval: 1,
    latency: true,
    types: true,
    perThread: false,
    degraded: [],
    ...changes,
  };
}

/** A small generator of repeatable noise in 0..1 (mulberry32). */
export function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function timed(count: number, p50Ns: number, spread: number): LatencySummary {
  if (count === 0) return { count, p50Ns: null, p90Ns: null, p99Ns: null, maxNs: null };
  return {
    count,
    p50Ns: Math.round(p50Ns),
    p90Ns: Math.round(p50Ns * 2.2),
    p99Ns: Math.round(p50Ns * spread),
    maxNs: Math.round(p50Ns * spread * 6),
  };
}

export interface Shape {
  pid?: number;
  comm?: string;
  count: number;
  seconds?: number;
  seed?: number;
  /** Faults a second in the busy phase. */
  level?: number;
}

/** A process that loads a file (major faults), fills memory, then works in bursts. */
export function samples({ pid = 4217, comm = "index", count, seconds = 1, seed = 7, level = 42_000 }: Shape) {
  const random = noise(seed);
  const made: SampleRecord[] = [];
  let rss = 6 * 2 ** 20;
  for (let i = 0; i < count; i++) {
    const phase = i / count;
    const burst = phase < 0.35 ? 1 : (Math.floor(i / 9) + seed) % 3 === 0 ? 0.4 : 0.02;
    const minor = Math.round(level * seconds * burst * (0.75 + 0.5 * random()));
    const loading = phase > 0.05 && phase < 0.3;
    const major = loading && random() < 0.7 ? Math.ceil(180 * seconds * random()) : random() < 0.05 ? 1 : 0;
    rss = Math.max(2 ** 22, rss + 4096 * Math.round(phase < 0.35 ? minor : (random() - 0.52) * minor));
    made.push({
      type: "sample",
      time: T0 + (i + 1) * seconds,
      seconds,
      pid,
      comm,
      minor,
      major,
      minorPerSecond: minor / seconds,
      majorPerSecond: major / seconds,
      rss: i === count - 1 ? null : rss,
      latency: {
        minor: timed(minor, 520 + 260 * random(), 9 + 8 * random()),
        major: timed(major, 85_000 + 70_000 * random(), 7 + 20 * random()),
      },
    });
  }
  return made;
}

/** Two humps, as page faults have them: zeroed pages and, a hundred times later, reads from a disk. */
export function histogram(minor: number, major: number): LatencyBucket[] {
  const hump = (x: number, at: number, width: number) => Math.exp(-(((x - at) / width) ** 2));
  return Array.from({ length: 36 }, (_, power) => ({
    fromNs: 2 ** power,
    toNs: 2 ** (power + 1),
    minor: Math.round((minor / 3.5) * (hump(power, 9.3, 1.4) + 0.12 * hump(power, 12.5, 1.5))),
    major: Math.round((major / 3.2) * hump(power, 17, 1.6)),
  }));
}

export function summary(of: readonly SampleRecord[], changes: Partial<SummaryRecord> = {}): SummaryRecord {
  const last = of.at(-1);
  const minor = of.reduce((sum, sample) => sum + sample.minor, 0);
  const major = of.reduce((sum, sample) => sum + sample.major, 0);
  return {
    type: "summary",
    time: last?.time ?? T0,
    pid: last?.pid ?? 4217,
    comm: last?.comm ?? "index",
    seconds: (last?.time ?? T0) - T0,
    minor,
    major,
    failed: 0,
    kernelMinor: minor + 31,
    kernelMajor: major,
    untraced: 31,
    edge: 0,
    unexplained: 0,
    lost: 0,
    faultShare: 0.183,
    latency: { minor: timed(minor, 610, 12), major: timed(major, 110_000, 14) },
    histogram: histogram(minor, major),
    types: {
      read: Math.round(minor * 0.31),
      write: Math.round(minor * 0.55),
      execute: 412,
      copyOnWrite: Math.round(minor * 0.13),
      user: Math.round(minor * 0.94),
      kernel: Math.round(minor * 0.05),
    },
    exited: true,
    endedBy: "exit",
    exitStatus: 0,
    ...changes,
  };
}

/** One process from start to summary. */
export function oneProcess(count: number, seconds = 1): FaultRecord[] {
  const all = samples({ count, seconds });
  return [start({ interval: seconds }), ...all, summary(all)];
}

/** Many processes on the same ticks, each with its own level. */
export function manyProcesses(processes: number, count: number): FaultRecord[] {
  const names = [
    "postgres",
    "java",
    "node",
    "clang-16",
    "python3",
    "redis-server",
    "nginx",
    "ld.lld",
    "make",
  ];
  const groups = Array.from({ length: processes }, (_, i) =>
    samples({
      ...{ pid: 1000 + i * 7, comm: names[i % names.length] ?? "sh", count, seed: 11 + i },
      level: 30_000 / (1 + i) ** 1.5,
    }),
  );
  return [
    start({ target: "all processes", pids: [] }),
    ...groups.flat().sort((a, b) => a.time - b.time),
    ...groups.map((group, i) =>
      summary(group, { exitStatus: null, edge: 3, endedBy: "interrupt", failed: i % 4 }),
    ),
  ];
}
