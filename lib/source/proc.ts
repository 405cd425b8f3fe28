import { readPidStat } from "../procfs/pid-stat.ts";
import { listThreads } from "../procfs/processes.ts";
import { Queue } from "../subprocess/queue.ts";
import { pidsOf } from "./scope.ts";
import type { AttachedSource, SourceOptions, TaskCounts, Tick } from "./source.ts";

interface Seen {
  startTime: number;
  base: { minor: number; major: number };
  counts: TaskCounts;
}

/**
 * The kernel's own counters, read from /proc at every tick: needs no privilege, costs the target
 * nothing, loses no fault of a process that lives, and tells nothing but the counts. What a process
 * does after its last reading is not seen: that is the books' business.
 */
export async function attachProc(options: SourceOptions, root = "/proc"): Promise<AttachedSource> {
  const degraded: string[] = [];
  if (options.latency) degraded.push("latency needs eBPF (--via bpftrace)");
  if (options.types) degraded.push("access types need eBPF (--via bpftrace)");
  const queue = new Queue<Tick>();
  const seen = new Map<string, Seen>();
  let first = true;

  const read = (pid: number, tid: number | null): void => {
    const stat = readPidStat(pid, root, tid);
    if (stat === null) return;
    const id = `${pid},${tid ?? ""}`;
    const known = seen.get(id);
    if (known && known.startTime === stat.startTime) {
      known.counts.minor = stat.minor - known.base.minor;
      known.counts.major = stat.major - known.base.major;
      return;
    }
    // the number was given to another: no target of ours where it was asked for by number
    if (known && options.scope.kind === "pids" && options.scope.pids.includes(pid)) return;
    // what is there at the start has a past; what comes later is counted from its birth, on top of
    // what was counted under its number before, since totals never fall
    const base = first
      ? { minor: stat.minor, major: stat.major }
      : { minor: -(known?.counts.minor ?? 0), major: -(known?.counts.major ?? 0) };
    const counts: TaskCounts = {
      pid,
      tid,
      minor: stat.minor - base.minor,
      major: stat.major - base.major,
      entries: null,
      latency: null,
      types: null,
    };
    seen.set(id, { startTime: stat.startTime, base, counts });
  };
  const readAll = (): void => {
    for (const pid of pidsOf(options.scope, root)) {
      if (options.perThread) for (const tid of listThreads(pid, root)) read(pid, tid);
      else read(pid, null);
    }
    first = false;
  };
  const tick = (final: boolean): void => {
    readAll();
    const tasks = [...seen.values()].map(({ counts }) => ({ ...counts }));
    queue.push({ time: Date.now() / 1000, tasks, exits: new Map(), final });
  };
  readAll();
  const timer = setInterval(() => tick(false), options.tick * 1000);
  let stopped = false;
  return {
    description: "the counters of /proc/PID/stat",
    degraded,
    ticks: queue,
    stop: async () => {
      if (stopped) return;
      stopped = true;
      clearInterval(timer);
      tick(true);
      queue.close();
    },
    lost: () => 0,
  };
}
