import { type LatencyCounts, noLatency } from "../../fault/latency.ts";
import type { ExitCounts, TaskCounts } from "../source.ts";

/** The latest state of every map that the scripts in bt/ print, by name. */
export type Maps = Map<string, Map<string, number | string>>;

export interface MapReading {
  /** The one process that all counts belong to; null where it is the first key. */
  only: number | null;
  perThread: boolean;
  latency: boolean;
  types: boolean;
  entries: boolean;
}

/**
 * Turns the maps into counts per task. Keys are "pid", or "pid,tid" (without
 * the pid where there is only one), then what the script adds. The
 * processes of `pids` are there even when no map knows them: they have not faulted yet.
 */
export function tasksOf(maps: Maps, reading: MapReading, pids: readonly number[] = []): TaskCounts[] {
  const tasks = new Map<string, TaskCounts>();
  const depth = reading.perThread ? 2 : 1;
  const task = (key: readonly number[]): TaskCounts => {
    const id = key.slice(0, depth).join();
    const known = tasks.get(id);
    if (known) return known;
    const fresh = noFaults(key[0] ?? 0, reading.perThread ? (key[1] ?? 0) : null, reading);
    tasks.set(id, fresh);
    return fresh;
  };
  for (const pid of pids) task([pid, pid]);
  const each = (name: string, take: (task: TaskCounts, value: number, rest: number) => void): void => {
    for (const [key, value] of maps.get(name) ?? []) {
      const keys = key === "" ? [] : key.split(",").map(Number);
      const numbers = reading.only === null ? keys : [reading.only, ...keys];
      take(task(numbers), Number(value), numbers[depth] ?? 0);
    }
  };
  each("@minor", (t, n) => {
    t.minor = n;
  });
  each("@major", (t, n) => {
    t.major = n;
  });
  if (reading.entries) {
    each("@entries", (t, n) => {
      t.entries = n;
    });
  }
  if (reading.types) each("@types", (t, n, code) => t.types?.set(code, n));
  if (reading.latency) {
    for (const fault of ["minor", "major"] as const) {
      const set = (name: string, put: (l: LatencyCounts, value: number, key: number) => void): void =>
        each(`@${name}_${fault}`, (t, value, key) => {
          if (t.latency) put(t.latency[fault], value, key);
        });
      set("lat", (l, n, key) => l.buckets.set(key, n));
      set("timed", (l, n) => {
        l.timed = n;
      });
      set("sum", (l, ns) => {
        l.sumNs = ns;
      });
      set("max", (l, ns) => {
        l.maxNs = ns;
      });
    }
  }
  return [...tasks.values()];
}

const noFaults = (pid: number, tid: number | null, reading: MapReading): TaskCounts => ({
  pid,
  tid,
  minor: 0,
  major: 0,
  entries: reading.entries ? 0 : null,
  latency: reading.latency ? { minor: noLatency(), major: noLatency() } : null,
  types: reading.types ? new Map() : null,
});

export function exitsOf(maps: Maps): Map<number, ExitCounts> {
  const number = (name: string, key: string): number => Number(maps.get(name)?.get(key) ?? 0);
  const exits = new Map<number, ExitCounts>();
  for (const key of maps.get("@exit_minor")?.keys() ?? []) {
    exits.set(Number(key), {
      minor: number("@exit_minor", key),
      major: number("@exit_major", key),
      runSeconds: number("@exit_run", key) * 1e-9,
      comm: String(maps.get("@exit_name")?.get(key) ?? ""),
    });
  }
  return exits;
}

/** The fullest map: its updates are dropped silently once it holds as many keys as it may. */
export const largestMap = (maps: Maps): number => Math.max(0, ...[...maps.values()].map((map) => map.size));
