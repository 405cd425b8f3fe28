import { readFileSync } from "node:fs";
import { readKeyed } from "../../procfs/keyed.ts";
import type { MemoryCgroup } from "../../procfs/memory-cgroup.ts";
import { readPressure } from "../../procfs/pressure.ts";

/** A limit on memory, and what is charged against it. Bytes. */
export interface Limit {
  /** The file that sets it, or MemTotal. */
  what: string;
  /** The cgroup's directory; null for the machine. */
  directory: string | null;
  version: 1 | 2 | null;
  limit: number;
  charged: number;
  /** Of it: pages of files, which can be dropped. */
  droppable: number;
}

/** Counters that only grow, of a cgroup and those below it, or of the machine; null where there is none. */
export interface Counters {
  refaultAnon: number | null;
  refaultFile: number | null;
  refaultsOf: "cgroup" | "machine" | null;
  hits: number | null;
  oomKills: number | null;
  /** Microseconds. */
  pressure: number | null;
}

export interface Machine {
  memTotal: number;
  memAvailable: number;
  swapTotal: number;
  swapFree: number;
}

export function readMachine(root = ""): Machine {
  const meminfo = readKeyed(`${root}/proc/meminfo`);
  const of = (name: string): number => meminfo.get(name) ?? 0;
  return {
    memTotal: of("MemTotal"),
    memAvailable: of("MemAvailable"),
    swapTotal: of("SwapTotal"),
    swapFree: of("SwapFree"),
  };
}

/** The limits of all cgroups up the tree, the nearest first, and the machine's. */
export function readLimits(cgroup: MemoryCgroup | null, root = ""): Limit[] {
  const { memTotal, memAvailable } = readMachine(root);
  const machine: Limit = {
    ...{ what: "MemTotal", directory: null, version: null, limit: memTotal },
    ...{ charged: memTotal - memAvailable, droppable: 0 },
  };
  if (cgroup === null) return [machine];
  const { version, directories } = cgroup;
  const files = version === 1 ? ["memory.limit_in_bytes"] : ["memory.max", "memory.high"];
  const limits = directories.flatMap((directory) =>
    files.flatMap((what): Limit[] => {
      const limit = readNumber(`${directory}/${what}`);
      const charged = readNumber(
        `${directory}/${version === 1 ? "memory.usage_in_bytes" : "memory.current"}`,
      );
      // v1's "no limit" is the largest number of pages there can be; no machine has so much
      if (limit === null || charged === null || limit >= memTotal) return [];
      return [{ what, directory, version, limit, charged, droppable: droppableOf(directory, version) }];
    }),
  );
  return [...limits, machine];
}

/** v1 has the sums with those below under names of their own. */
const statName = (version: 1 | 2 | null, name: string): string => (version === 1 ? `total_${name}` : name);

function droppableOf(directory: string, version: 1 | 2): number {
  const stat = readKeyed(`${directory}/memory.stat`);
  const of = (name: string): number => stat.get(statName(version, name)) ?? 0;
  return of("active_file") + of("inactive_file");
}

const REFAULTS = ["workingset_refault_anon", "workingset_refault_file"] as const;

export function readCounters({ directory, version }: Limit, root = ""): Counters {
  const own = directory === null ? new Map<string, number>() : readKeyed(`${directory}/memory.stat`);
  const machine = readKeyed(`${root}/proc/vmstat`);
  const [anonName, fileName] = REFAULTS;
  const ofCgroup = own.has(statName(version, anonName)) || own.has(statName(version, fileName));
  const refault = (name: string): number | null =>
    (ofCgroup ? own.get(statName(version, name)) : machine.get(name)) ?? null;
  const [anon, file] = [refault(anonName), refault(fileName)];
  const events = directory === null ? new Map<string, number>() : readKeyed(`${directory}/memory.events`);
  const oom =
    directory === null
      ? machine.get("oom_kill")
      : (events.get("oom_kill") ?? readKeyed(`${directory}/memory.oom_control`).get("oom_kill"));
  const pressure = directory === null ? null : readPressure(`${directory}/memory.pressure`);
  return {
    refaultAnon: anon,
    refaultFile: file,
    refaultsOf: anon === null && file === null ? null : ofCgroup ? "cgroup" : "machine",
    hits: hitsOf(directory, version, events),
    oomKills: oom ?? null,
    pressure: pressure ?? readPressure(`${root}/proc/pressure/memory`),
  };
}

function hitsOf(
  directory: string | null,
  version: 1 | 2 | null,
  events: ReadonlyMap<string, number>,
): number | null {
  if (directory === null) return null;
  if (version === 1) return readNumber(`${directory}/memory.failcnt`);
  return events.size === 0 ? null : (events.get("max") ?? 0) + (events.get("high") ?? 0);
}

/** Null for "max", and where there is no such file. */
function readNumber(path: string): number | null {
  try {
    const text = readFileSync(path, "utf8").trim();
    return /^\d+$/.test(text) ? Number(text) : null;
  } catch {
    return null; // the root cgroup has no limit
  }
}
