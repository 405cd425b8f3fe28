import { readFileSync } from "node:fs";
import type { LimitWitnesses, WssLimitRecord } from "../../metric/wss-limit-record.ts";
import type { WssSampleRecord } from "../../metric/wss-record.ts";
import { parseKeyed } from "../../procfs/keyed.ts";
import { type MemoryCgroup, readMemoryCgroup } from "../../procfs/memory-cgroup.ts";
import type { Member } from "../members.ts";
import { WRITES_ONLY } from "../method.ts";
import { judge } from "./judge.ts";
import { type Counters, readCounters, readLimits, readMachine } from "./memory.ts";

interface Process {
  sample: WssSampleRecord;
  wss: number;
  wssHigh: number;
  rss: number;
  swap: number;
  major: number | null;
}

/** The processes of one cgroup. */
interface Group {
  cgroup: MemoryCgroup | null;
  since: number;
  /** By the directory of a limit, when the first of them was met. */
  before: Map<string | null, Counters>;
  /** The most that was charged at the end of a window, by the directory of a limit, and when that was looked at last. */
  charged: Map<string | null, number>;
  lookedAt: number;
  processes: Map<number, Process>;
}

/** Watches, over a measurement, the memory that the processes may use. */
export class LimitWatch {
  readonly #groups = new Map<string, Group>();
  readonly #groupOf = new Map<number, Group>();

  /** A process is met, before its first window. */
  meet({ pid }: Pick<Member, "pid">): void {
    if (this.#groupOf.has(pid)) return;
    const cgroup = readMemoryCgroup(pid);
    const key = cgroup?.directories[0] ?? "";
    const group = this.#groups.get(key) ?? groupOf(cgroup);
    this.#groups.set(key, group);
    this.#groupOf.set(pid, group);
  }

  add(sample: WssSampleRecord): void {
    const group = this.#groupOf.get(sample.pid);
    if (group === undefined) return;
    lookAt(group, sample.time);
    const known = group.processes.get(sample.pid);
    // several methods measure the same memory: the figures of the first that sees reads count, everyone's faults do
    const better = known !== undefined && isBlind(known.sample) && !isBlind(sample);
    const same = known === undefined || better || known.sample.method === sample.method;
    const most = (key: "wss" | "wssHigh" | "rss" | "swap", value = sample[key]): number =>
      Math.max(better ? 0 : (known?.[key] ?? 0), same ? value : 0);
    const before = known === undefined ? 0 : known.major;
    group.processes.set(sample.pid, {
      sample: known === undefined || same ? sample : known.sample,
      wss: most("wss"),
      wssHigh: most("wssHigh", isBlind(sample) ? sample.rss : sample.wssHigh),
      rss: most("rss"),
      swap: most("swap"),
      major: before === null || sample.major === null ? null : before + sample.major,
    });
  }

  records(time: number): WssLimitRecord[] {
    return [...this.#groups.values()].flatMap((group) => recordOf(group, time) ?? []);
  }
}

/** A method that sees no reads cannot exclude any of the resident memory. */
const isBlind = ({ method }: WssSampleRecord): boolean => WRITES_ONLY.has(method);

function groupOf(cgroup: MemoryCgroup | null): Group {
  const before = new Map<string | null, Counters>();
  for (const limit of readLimits(cgroup)) before.set(limit.directory, readCounters(limit));
  return { cgroup, since: Date.now() / 1000, before, charged: new Map(), lookedAt: 0, processes: new Map() };
}

/** What is charged, once for all processes of a window. */
function lookAt(group: Group, time: number): void {
  if (time === group.lookedAt) return;
  group.lookedAt = time;
  const { cgroup, charged } = group;
  for (const limit of readLimits(cgroup))
    charged.set(limit.directory, Math.max(limit.charged, charged.get(limit.directory) ?? 0));
}

/** Null where none of the processes was measured. */
function recordOf({ cgroup, since, before, charged, processes }: Group, time: number): WssLimitRecord | null {
  const all = [...processes.values()];
  const [first] = all;
  if (first === undefined) return null;
  const sum = (key: "wss" | "wssHigh" | "rss" | "swap"): number =>
    all.reduce((total, process) => total + process[key], 0);
  const own = all.reduce((total, { sample }) => total + (unevictable(sample.pid) ?? 0), 0);
  const wssHigh = sum("wssHigh");
  const [tightest] = readLimits(cgroup)
    .map((limit) => {
      const others = Math.max(0, limit.charged - limit.droppable - own);
      return { limit, others, headroom: limit.limit - wssHigh - others };
    })
    .sort((a, b) => a.headroom - b.headroom);
  if (tightest === undefined) return null;
  const { limit, others, headroom } = tightest;
  const { memAvailable, swapTotal, swapFree } = readMachine();
  const fields = {
    ...{ time, seconds: time - since, method: first.sample.method },
    ...{ pids: all.map(({ sample }) => sample.pid), comms: all.map(({ sample }) => sample.comm) },
    ...{ what: limit.what, cgroup: limit.directory, limit: limit.limit },
    ...{ charged: limit.charged, droppable: limit.droppable, others },
    chargedMost: Math.max(limit.charged, charged.get(limit.directory) ?? 0),
    ...{ wss: sum("wss"), wssHigh, rss: sum("rss"), swap: sum("swap"), headroom },
    ...{ memAvailable, swapTotal, swapFree },
    witnesses: witnessesOf(before.get(limit.directory) ?? null, readCounters(limit), all, time - since),
  };
  return { type: "limit", ...fields, ...judge(fields) };
}

/** Resident memory of a process that is charged and not of files: proc_pid_status(5). Null when it is gone. */
function unevictable(pid: number): number | null {
  try {
    const status = parseKeyed(readFileSync(`/proc/${pid}/status`, "utf8"));
    return (status.get("RssAnon") ?? 0) + (status.get("RssShmem") ?? 0);
  } catch {
    return null; // gone: what it had is no longer charged
  }
}

export function witnessesOf(
  before: Counters | null,
  after: Counters,
  processes: readonly Pick<Process, "major">[],
  seconds: number,
): LimitWitnesses {
  const grown = (key: Exclude<keyof Counters, "refaultsOf">): number | null => {
    const [from, to] = [before?.[key] ?? null, after[key]];
    return from === null || to === null ? null : Math.max(0, to - from);
  };
  const waited = grown("pressure");
  return {
    refaultAnon: grown("refaultAnon"),
    refaultFile: grown("refaultFile"),
    refaultsOf: before === null ? null : after.refaultsOf,
    major: processes.reduce<number | null>(
      (sum, { major }) => (sum === null || major === null ? null : sum + major),
      0,
    ),
    hits: grown("hits"),
    oomKills: grown("oomKills"),
    pressure: waited === null || seconds <= 0 ? null : Math.min(1, waited / 1e6 / seconds),
  };
}
