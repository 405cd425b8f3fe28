import { CLOCK_TICKS_PER_SECOND, isDead, type PidStat, readPidStat } from "../../procfs/pid-stat.ts";
import { listThreads } from "../../procfs/processes.ts";
import type { ExitCounts } from "../../source/source.ts";
import { type Bracket, exactly, type KernelCounts, NOTHING } from "../books.ts";

/** What /proc said of a process at one moment; its identity is pid and start time. */
interface Reading {
  startTime: number;
  counts: KernelCounts;
  cpuSeconds: number;
  threads: number;
  /** Of the total, what belongs to threads that still live. */
  living: { counts: KernelCounts; cpuSeconds: number };
  comm: string;
  /** A zombie: its counters are final. */
  dead: boolean;
}

export interface Closing {
  end: Bracket | null;
  /** CPU time of the process within the window in seconds; null when unknown. */
  runSeconds: number | null;
  /** Threads at the end: each may have been in the middle of a fault. */
  threads: number;
}

/** The kernel's own counters of all processes of a run, at its beginning and at its end. */
export class KernelWindow {
  #root: string;
  #before = new Map<number, Reading>();
  #after = new Map<number, Reading>();
  #ending = new Map<number, Reading>();
  #ended = new Map<number, Reading>();

  constructor(root = "/proc") {
    this.#root = root;
  }

  /** Call before the source attaches. */
  beforeAttach(pids: readonly number[]): void {
    this.#before = this.#readAll(pids);
  }

  /** Call once it has attached. */
  afterAttach(pids: readonly number[]): void {
    this.#after = this.#readAll(pids);
  }

  /** Call before the source is told to stop. */
  beforeStop(pids: readonly number[]): void {
    this.#ending = this.#readAll(pids);
  }

  /** Call once it has stopped. */
  afterStop(pids: readonly number[]): void {
    this.#ended = this.#readAll(pids);
  }

  /** The last reading has been taken. */
  get closed(): boolean {
    return this.#ended.size > 0;
  }

  /** The name that /proc last told, of the process that was there at the beginning where there was one. */
  commOf(pid: number): string | null {
    const base = this.#after.get(pid);
    const last = this.#ended.get(pid) ?? this.#ending.get(pid);
    const same = base === undefined || base.startTime === last?.startTime;
    return (same ? last : base)?.comm ?? base?.comm ?? null;
  }

  /** Counters at the beginning: those of a process that was born later are 0. */
  start(pid: number): Bracket {
    const after = this.#after.get(pid);
    if (after === undefined) return exactly(NOTHING);
    const before = this.#before.get(pid);
    // not there at the first reading: it was born while the source attached
    return { before: before?.startTime === after.startTime ? before.counts : NOTHING, after: after.counts };
  }

  /**
   * Counters at the end: of a process that lives, of a zombie, or as it left them when it went.
   *
   * @param ended it is known to have ended: who lives under its number is another
   */
  closing(pid: number, exit: ExitCounts | null, ended = false): Closing {
    const base = this.#after.get(pid);
    const there = this.#ended.get(pid);
    const last = ended && there?.dead === false ? undefined : there;
    if (last !== undefined && (base === undefined || base.startTime === last.startTime)) {
      const ending = this.#ending.get(pid);
      const before = ending?.startTime === last.startTime ? ending.counts : NOTHING;
      return {
        end: { before, after: last.counts },
        runSeconds: last.cpuSeconds - (base?.cpuSeconds ?? 0),
        threads: last.threads,
      };
    }
    if (exit === null) return { end: null, runSeconds: null, threads: 0 };
    const living = base?.living ?? { counts: NOTHING, cpuSeconds: 0 };
    // of threads that had ended by then; read one after the other, the sums of a busy process may cross
    const dead: KernelCounts = {
      minor: Math.max(0, (base?.counts.minor ?? 0) - living.counts.minor),
      major: Math.max(0, (base?.counts.major ?? 0) - living.counts.major),
    };
    const end = exactly({ minor: dead.minor + exit.minor, major: dead.major + exit.major });
    return { end, runSeconds: exit.runSeconds - living.cpuSeconds, threads: 0 };
  }

  #readAll(pids: readonly number[]): Map<number, Reading> {
    const readings = new Map<number, Reading>();
    for (const pid of pids) {
      const stat = readPidStat(pid, this.#root);
      if (stat !== null) readings.set(pid, this.#reading(stat));
    }
    return readings;
  }

  #reading(stat: PidStat): Reading {
    const whole = { counts: countsOf(stat), cpuSeconds: cpuOf(stat) };
    const living = stat.threads <= 1 ? [] : listThreads(stat.pid, this.#root);
    const threads = living.flatMap((tid) => readPidStat(stat.pid, this.#root, tid) ?? []);
    return {
      startTime: stat.startTime,
      comm: stat.comm,
      threads: stat.threads,
      dead: isDead(stat),
      ...whole,
      // a process of one thread may have had others: only its own line tells them apart
      living: sumOf(threads.length > 0 ? threads : oneThread(stat, this.#root)),
    };
  }
}

function oneThread(stat: PidStat, root: string): PidStat[] {
  const thread = readPidStat(stat.pid, root, stat.pid);
  return thread === null ? [stat] : [thread];
}

function sumOf(threads: readonly PidStat[]): { counts: KernelCounts; cpuSeconds: number } {
  const counts = { minor: 0, major: 0 };
  let cpuSeconds = 0;
  for (const thread of threads) {
    counts.minor += thread.minor;
    counts.major += thread.major;
    cpuSeconds += cpuOf(thread);
  }
  return { counts, cpuSeconds };
}

const countsOf = (stat: PidStat): KernelCounts => ({ minor: stat.minor, major: stat.major });
const cpuOf = (stat: PidStat): number => (stat.userTicks + stat.systemTicks) / CLOCK_TICKS_PER_SECOND;
