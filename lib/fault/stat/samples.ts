import type { SampleRecord } from "../../metric/record.ts";
import { isDead, PAGE_SIZE, type PidStat, readPidStat } from "../../procfs/pid-stat.ts";
import type { ExitCounts, TaskCounts, Tick } from "../../source/source.ts";
import { summarize } from "../latency.ts";
import { accessTypes } from "../types.ts";
import type { SessionOptions } from "./session.ts";
import { since, sumTasks, taskId } from "./totals.ts";

/** Turns readings of the source into samples: differences, names, rates and RSS. */
export class SampleMaker {
  readonly startTime: number;
  #options: SessionOptions;
  #previous = new Map<string, TaskCounts>();
  #lastTime: number;
  #names = new Map<string, string>();
  /** Start times of the targets: with the pid they name a process for good. */
  #births = new Map<number, number>();

  constructor(options: SessionOptions, startTime: number) {
    this.#options = options;
    this.startTime = startTime;
    this.#lastTime = startTime;
    for (const pid of options.target.pids) {
      const birth = readPidStat(pid)?.startTime;
      if (birth !== undefined) this.#births.set(pid, birth);
    }
  }

  /** What /proc says of a process; null when it is gone, also where a target's number is another's now. */
  statOf(pid: number): PidStat | null {
    const stat = readPidStat(pid);
    const birth = this.#births.get(pid);
    return birth === undefined || birth === stat?.startTime ? stat : null;
  }

  get endTime(): number {
    return this.#lastTime;
  }

  /** The totals of every process that was counted. */
  totals(): Map<number, TaskCounts> {
    const byPid = new Map<number, TaskCounts[]>();
    for (const task of this.#previous.values()) byPid.set(task.pid, [...(byPid.get(task.pid) ?? []), task]);
    return new Map(
      [...byPid].flatMap(([pid, tasks]) => {
        const sum = sumTasks(tasks);
        return sum === null ? [] : [[pid, sum] as const];
      }),
    );
  }

  pids(): number[] {
    return [...new Set([...this.#previous.values()].map((task) => task.pid))];
  }

  nameOf(pid: number): string {
    return this.#names.get(`${pid},`) ?? "";
  }

  /** The samples of a tick; `due` where an interval ends with it, so that a quiet target has a row too. */
  *take(tick: Tick, exits: ReadonlyMap<number, ExitCounts>, due: boolean): Generator<SampleRecord> {
    const seconds = Math.max(0, tick.time - this.#lastTime);
    for (const task of tick.tasks) {
      const change = since(task, this.#previous.get(taskId(task)));
      this.#previous.set(taskId(task), task);
      const quiet = change.minor === 0 && change.major === 0;
      if (quiet && !(due && this.#options.target.pids.includes(task.pid))) continue;
      yield this.#sample(change, tick.time, seconds, exits);
    }
    this.#lastTime = tick.time;
  }

  #sample(
    change: TaskCounts,
    time: number,
    seconds: number,
    exits: ReadonlyMap<number, ExitCounts>,
  ): SampleRecord {
    const stat = this.statOf(change.pid);
    const comm = this.#name(change, stat?.comm ?? exits.get(change.pid)?.comm ?? null);
    const sample: SampleRecord = {
      type: "sample",
      time,
      seconds,
      pid: change.pid,
      ...(change.tid === null ? {} : { tid: change.tid }),
      comm,
      minor: change.minor,
      major: change.major,
      minorPerSecond: seconds > 0 ? change.minor / seconds : 0,
      majorPerSecond: seconds > 0 ? change.major / seconds : 0,
      rss: stat === null || isDead(stat) ? null : stat.rssPages * PAGE_SIZE,
    };
    if (change.latency !== null) {
      sample.latency = { minor: summarize(change.latency.minor), major: summarize(change.latency.major) };
    }
    if (this.#options.types) sample.types = change.types === null ? null : accessTypes(change.types);
    return sample;
  }

  /** Remembers names, since a process that is gone has none; a thread has its own. */
  #name(task: TaskCounts, processName: string | null): string {
    if (processName !== null) this.#names.set(`${task.pid},`, processName);
    const own = task.tid === null ? processName : (readPidStat(task.pid, "/proc", task.tid)?.comm ?? null);
    const id = taskId(task);
    if (own !== null) this.#names.set(id, own);
    return this.#names.get(id) ?? this.nameOf(task.pid);
  }
}
