import { messageOf, UserError } from "../../cli/error.ts";
import { thpMode } from "../../kernel/thp.ts";
import type { MapRecord, MapSummaryRecord } from "../../metric/map-record.ts";
import type { EndedBy } from "../../metric/record.ts";
import { SCHEMA } from "../../metric/record.ts";
import { readMaps } from "../../procfs/maps.ts";
import { attachCounters } from "../../source/counters.ts";
import { attachRecorder } from "../../source/faultrec/attach.ts";
import { pidsOf } from "../../source/scope.ts";
import type { AttachedSource, Scope } from "../../source/source.ts";
import type { Target } from "../../target/target.ts";
import { VERSION } from "../../version.ts";
import { balance } from "../books.ts";
import { KernelWindow } from "../stat/kernel-window.ts";
import { watchEnds } from "../stat/watch.ts";
import { Collector, type Traced } from "./collector.ts";
import { regionRecords } from "./records.ts";
import { verdictOf } from "./verdict.ts";

export interface MapOptions {
  target: Target;
  /** Seconds after which the measurement ends. */
  duration: number | null;
  /** Ask the kernel for the size of each page: else only where every process may get huge pages. */
  pageSizes: boolean;
  signal: AbortSignal;
}

/**
 * Records until it is told to end, then yields the regions and the summary of each process.
 *
 * @throws UserError when the recorder does not attach or COMMAND cannot be run
 */
export async function* mapFaults(options: MapOptions): AsyncGenerator<MapRecord[]> {
  const { target } = options;
  const { scope } = target;
  if (scope.kind !== "pids")
    throw new UserError("pgfaultmap traces processes: give -p PID or a command after --");
  const window = new KernelWindow();
  const collector = new Collector((pid) => readMaps(pid));

  window.beforeAttach(pidsOf(scope));
  const recorder = await attachRecorder(
    { pids: scope.pids, follow: scope.follow, physical: options.pageSizes || thpMode() === "always" },
    collector,
  );
  const entries = await countEntries(scope);
  window.afterAttach(pidsOf(scope));
  for (const pid of scope.pids) collector.snapshot(pid);

  const startTime = Date.now() / 1000;
  let endedBy: EndedBy | null = null;
  let endTime = startTime;
  const finished = deferred();
  const end = (by: EndedBy): void => {
    if (endedBy !== null) return;
    endedBy = by;
    endTime = Date.now() / 1000;
    finished.resolve();
  };
  const watch = watchEnds(options, end);
  void recorder.ended.then(
    () => end("exit"),
    () => end("failure"),
  );
  try {
    await target.command?.go();
    if (target.command !== null)
      void target.command.ended.then(
        () => end("exit"),
        () => end("exit"),
      );
    yield [
      {
        type: "start",
        schema: SCHEMA,
        tool: "pgfaultmap",
        version: VERSION,
        time: startTime,
        target: target.description,
        pids: target.pids,
        source: "faultrec",
        degraded: [...target.degraded, ...recorder.degraded],
      },
    ];
    await finished.promise;
    const pids = [...collector.processes.keys()];
    window.beforeStop(pids);
    const failure = await stopAll(recorder, entries);
    window.afterStop(pids);
    if (failure !== null) yield [{ type: "error", time: endTime, message: failure }];
    const status = target.command === null ? null : await Promise.race([target.command.ended, null]);
    for (const traced of collector.processes.values()) {
      if (traced.minor + traced.major === 0 && !target.pids.includes(traced.pid)) continue;
      const maps = readMaps(traced.pid);
      if (maps.length > 0) traced.space.settle(maps);
      const regions = regionRecords(traced);
      const by: EndedBy = failure !== null ? "failure" : (endedBy ?? "exit");
      yield [
        ...regions,
        traced.heat.record(traced.pid, recorder.ready.startedAt),
        summaryOf(traced, {
          window,
          time: endTime,
          seconds: endTime - startTime,
          entries: await entries.of(traced.pid),
          lost: collector.damaged === null ? collector.lost : null,
          verdict: verdictOf(traced, regions),
          endedBy: by,
          exitStatus: traced.pid === target.command?.pid ? status : null,
        }),
      ];
    }
  } finally {
    watch.close();
    await stopAll(recorder, entries);
  }
}

interface Entries {
  of: (pid: number) => Promise<number | null>;
  stop: () => Promise<void>;
}

/** Faults begun, from a plain counter beside the recorder: what fails has no record. Not for children. */
async function countEntries(scope: Scope): Promise<Entries> {
  const none: Entries = { of: async () => null, stop: async () => undefined };
  if (scope.kind !== "pids" || scope.follow) return none;
  let counters: AttachedSource;
  try {
    counters = await attachCounters(
      { scope, tick: 1, perThread: false, latency: false, types: false },
      "entries",
    );
  } catch (error) {
    if (error instanceof UserError) return none;
    throw error;
  }
  const latest = new Map<number, number | null>();
  const reading = (async () => {
    for await (const tick of counters.ticks)
      for (const task of tick.tasks) latest.set(task.pid, task.entries);
  })().catch(() => latest.clear());
  return {
    of: async (pid) => {
      await reading;
      return latest.get(pid) ?? null;
    },
    stop: () => counters.stop(),
  };
}

/** Stops both; returns why the recorder failed, or null. */
async function stopAll(recorder: { stop(): Promise<void> }, entries: Entries): Promise<string | null> {
  await entries.stop();
  try {
    await recorder.stop();
    return null;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return messageOf(error);
  }
}

interface Closing {
  window: KernelWindow;
  time: number;
  seconds: number;
  entries: number | null;
  lost: number | null;
  verdict: string;
  endedBy: EndedBy;
  exitStatus: number | null;
}

function summaryOf(traced: Traced, closing: Closing): MapSummaryRecord {
  const { pid, minor, major } = traced;
  const { window, entries, time, seconds, lost, verdict, endedBy, exitStatus } = closing;
  const { end, threads } = window.closing(pid, null);
  return {
    type: "summary",
    time,
    pid,
    comm: window.commOf(pid) ?? traced.comm,
    seconds,
    faults: minor + major,
    minor,
    major,
    ...balance({ minor, major, entries, underWay: threads }, window.start(pid), end),
    lost,
    verdict,
    endedBy,
    exitStatus,
  };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((yes) => {
    resolve = yes;
  });
  return { promise, resolve };
}
