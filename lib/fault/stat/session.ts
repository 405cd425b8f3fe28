import type { EndedBy, FaultRecord, SampleRecord, StartRecord, SummaryRecord } from "../../metric/record.ts";
import { SCHEMA } from "../../metric/record.ts";
import { messageOf, UserError } from "../../cli/error.ts";
import { cgroupMembers } from "../../procfs/cgroup.ts";
import { isDead, PAGE_SIZE, readPidStat } from "../../procfs/pid-stat.ts";
import { listPids, withDescendants } from "../../procfs/processes.ts";
import { chooseSource } from "../../source/choose.ts";
import type { ExitCounts, Scope, SourceName, TaskCounts, Tick } from "../../source/source.ts";
import type { Target } from "../../target/target.ts";
import { VERSION } from "../../version.ts";
import { balance } from "../books.ts";
import { faultSeconds, histogram, summarize } from "../latency.ts";
import { accessTypes } from "../types.ts";
import { KernelWindow } from "./kernel-window.ts";
import { since, sumTasks, taskId } from "./totals.ts";

export interface SessionOptions {
  target: Target;
  via: SourceName | "auto";
  /** Seconds between samples. */
  interval: number;
  /** Samples after which the measurement ends. */
  count: number | null;
  /** Seconds after which the measurement ends. */
  duration: number | null;
  perThread: boolean;
  latency: boolean;
  types: boolean;
  /** Aborted by Ctrl-C or SIGTERM. */
  signal: AbortSignal;
}

/** A tick is at most this long: bpftrace must print at least once a second to hear a stop signal. */
const LONGEST_TICK_S = 1;
/** How often the targets are looked at: how late their end is noticed. */
const WATCH_MS = 100;
/** How long COMMAND may take to end by a Ctrl-C before the measurement ends without it. */
const COMMAND_GRACE_MS = 300;

/**
 * Measures until it is told to end, and yields the records of it: one start, samples, summaries.
 * A source that dies yields what was counted until then and an error record.
 *
 * @throws UserError when the source does not attach or COMMAND cannot be run
 */
export async function* measure(options: SessionOptions): AsyncGenerator<FaultRecord> {
  const { target, interval } = options;
  const { scope } = target;
  const ticksPerSample = Math.ceil(interval / LONGEST_TICK_S);
  const window = new KernelWindow();

  window.beforeAttach(pidsOf(scope));
  const chosen = await chooseSource(options.via, {
    scope,
    tick: interval / ticksPerSample,
    perThread: options.perThread,
    latency: options.latency,
    types: options.types,
  });
  const { source } = chosen;
  window.afterAttach(pidsOf(scope));

  let endedBy: EndedBy | null = null;
  const samples = new SampleMaker(options, Date.now() / 1000);
  const end = (by: EndedBy): void => {
    if (endedBy !== null) return;
    endedBy = by;
    window.beforeStop(withKnown(pidsOf(scope), samples.pids()));
    void source.stop();
  };
  const watch = watchEnds(options, end);
  try {
    const start: StartRecord = {
      type: "start",
      schema: SCHEMA,
      tool: "pgfaultstat",
      version: VERSION,
      time: samples.startTime,
      target: target.description,
      pids: target.pids,
      source: chosen.name,
      why: chosen.why,
      interval,
      latency: options.latency,
      types: options.types,
      perThread: options.perThread,
      degraded: [...target.degraded, ...source.degraded],
    };
    await target.command?.go();
    if (target.command !== null) void target.command.ended.then(() => end("exit"), () => end("exit"));
    yield start;

    let taken = 0;
    let ticks = 0;
    let failure: string | null = null;
    let exits: ReadonlyMap<number, ExitCounts> = new Map();
    try {
      for await (const tick of source.ticks) {
        exits = tick.exits;
        ticks += 1;
        if (tick.final) yield* samples.take(tick, exits);
        else if (endedBy === null && ticks % ticksPerSample === 0) {
          yield* samples.take(tick, exits);
          taken += 1;
          if (taken === options.count) end("count");
        }
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failure = messageOf(error);
    }
    const by: EndedBy = failure !== null ? "failure" : (endedBy ?? "exit");
    const last = withKnown(pidsOf(scope), samples.pids());
    if (endedBy === null) window.beforeStop(last);
    window.afterStop(last);
    const time = Date.now() / 1000;
    if (failure !== null) yield { type: "error", time, message: failure };
    yield* summaries({ options, window, samples, exits, by, lost: source.lost(), time });
  } finally {
    watch.close();
    await source.stop();
  }
}

/** Calls `end` when the measurement is to end for a reason other than its count. */
function watchEnds(options: SessionOptions, end: (by: EndedBy) => void): { close(): void } {
  const timers: NodeJS.Timeout[] = [];
  const { pids, command } = options.target;
  const onAbort = (): void => {
    // Ctrl-C met COMMAND too: its own end, if it comes, closes the books exactly
    if (command === null) end("interrupt");
    else timers.push(setTimeout(() => end("interrupt"), COMMAND_GRACE_MS));
  };
  if (options.signal.aborted) onAbort();
  else options.signal.addEventListener("abort", onAbort);
  if (options.duration !== null) timers.push(setTimeout(() => end("duration"), options.duration * 1000));
  if (command === null && pids.length > 0) {
    const births = new Map(pids.map((pid) => [pid, readPidStat(pid)?.startTime]));
    const lives = (pid: number): boolean => {
      const stat = readPidStat(pid);
      return stat !== null && stat.startTime === births.get(pid) && !(isDead(stat) && stat.threads <= 1);
    };
    timers.push(
      setInterval(() => {
        if (!pids.some(lives)) end("exit");
      }, WATCH_MS),
    );
  }
  return {
    close: () => {
      options.signal.removeEventListener("abort", onAbort);
      for (const timer of timers) clearInterval(timer);
    },
  };
}

function pidsOf(scope: Scope): number[] {
  switch (scope.kind) {
    case "all":
      return listPids();
    case "cgroup":
      return cgroupMembers(scope.directory);
    case "pids":
      return scope.follow ? withDescendants(scope.pids) : scope.pids;
  }
}

const withKnown = (pids: readonly number[], known: readonly number[]): number[] => [...new Set([...pids, ...known])];

/** Turns readings of the source into samples: differences, names, rates and RSS. */
class SampleMaker {
  readonly startTime: number;
  #options: SessionOptions;
  #previous = new Map<string, TaskCounts>();
  #lastTime: number;
  #names = new Map<string, string>();

  constructor(options: SessionOptions, startTime: number) {
    this.#options = options;
    this.startTime = startTime;
    this.#lastTime = startTime;
  }

  /** The totals of every process that was counted. */
  totals(): Map<number, TaskCounts> {
    const byPid = new Map<number, TaskCounts[]>();
    for (const task of this.#previous.values()) byPid.set(task.pid, [...(byPid.get(task.pid) ?? []), task]);
    return new Map([...byPid].flatMap(([pid, tasks]) => {
      const sum = sumTasks(tasks);
      return sum === null ? [] : [[pid, sum] as const];
    }));
  }

  pids(): number[] {
    return [...new Set([...this.#previous.values()].map((task) => task.pid))];
  }

  nameOf(pid: number): string {
    return this.#names.get(`${pid},`) ?? "";
  }

  *take(tick: Tick, exits: ReadonlyMap<number, ExitCounts>): Generator<SampleRecord> {
    const seconds = Math.max(0, tick.time - this.#lastTime);
    const tasks = this.#withTargets(tick.tasks);
    for (const task of tasks) {
      const change = since(task, this.#previous.get(taskId(task)));
      this.#previous.set(taskId(task), task);
      const quiet = change.minor === 0 && change.major === 0;
      // a final moment without a fault is no sample, nor is a bystander's quiet interval
      if (quiet && (tick.final || !this.#options.target.pids.includes(task.pid))) continue;
      yield this.#sample(change, tick.time, seconds, exits);
    }
    this.#lastTime = tick.time;
  }

  /** A target that has not faulted yet has no counts: its row says 0. */
  #withTargets(tasks: readonly TaskCounts[]): TaskCounts[] {
    if (this.#options.perThread) return [...tasks];
    const seen = new Set(tasks.map((task) => task.pid));
    const silent = this.#options.target.pids.filter((pid) => !seen.has(pid) && readPidStat(pid) !== null);
    return [
      ...tasks,
      ...silent.map((pid) => ({ pid, tid: null, minor: 0, major: 0, entries: null, latency: null, types: null })),
    ];
  }

  #sample(change: TaskCounts, time: number, seconds: number, exits: ReadonlyMap<number, ExitCounts>): SampleRecord {
    const stat = readPidStat(change.pid);
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

interface Ending {
  options: SessionOptions;
  window: KernelWindow;
  samples: SampleMaker;
  exits: ReadonlyMap<number, ExitCounts>;
  by: EndedBy;
  lost: number | null;
  time: number;
}

async function* summaries(ending: Ending): AsyncGenerator<SummaryRecord> {
  const { options, window, samples, exits, by, lost, time } = ending;
  const { command } = options.target;
  const commandEnd = command === null ? null : await Promise.race([command.ended, null]);
  for (const [pid, total] of samples.totals()) {
    const exit = exits.get(pid) ?? null;
    let closing = window.closing(pid, exit);
    if (commandEnd !== null && pid === command?.pid) {
      const counts = { minor: commandEnd.minor, major: commandEnd.major };
      const runSeconds = closing.runSeconds ?? commandEnd.cpuSeconds;
      closing = { end: { before: counts, after: counts }, runSeconds };
    }
    const books = balance(total, window.start(pid), closing.end);
    const summary: SummaryRecord = {
      type: "summary",
      time,
      pid,
      comm: exit?.comm || samples.nameOf(pid) || window.commOf(pid) || "",
      seconds: time - samples.startTime,
      minor: total.minor,
      major: total.major,
      ...books,
      lost,
      exited: readPidStat(pid) === null || exit !== null,
      endedBy: by,
      exitStatus: commandEnd !== null && pid === command?.pid ? commandEnd.status : null,
    };
    if (options.latency && total.latency !== null) {
      const { minor, major } = total.latency;
      summary.latency = { minor: summarize(minor), major: summarize(major) };
      summary.histogram = histogram(total.latency);
      summary.faultShare = faultShare(total, closing.runSeconds);
    }
    if (options.types) summary.types = total.types === null ? null : accessTypes(total.types);
    yield summary;
  }
}

/** Shorter runs cannot be told from 0 with CPU times in steps of 10 ms. */
const SHORTEST_RUN_S = 0.05;

/** Share of the run time, CPU time and waiting for major faults, that was spent in faults. */
function faultShare(total: TaskCounts, runSeconds: number | null): number | null {
  if (total.latency === null || runSeconds === null) return null;
  const major = faultSeconds(total.latency.major, total.major);
  const spent = faultSeconds(total.latency.minor, total.minor) + major;
  const run = runSeconds + major;
  return run < SHORTEST_RUN_S ? null : Math.min(1, spent / run);
}
