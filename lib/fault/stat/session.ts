import { messageOf, UserError } from "../../cli/error.ts";
import type { EndedBy, FaultRecord, StartRecord, SummaryRecord } from "../../metric/record.ts";
import { SCHEMA } from "../../metric/record.ts";
import { type Chosen, chooseSource } from "../../source/choose.ts";
import { pidsOf } from "../../source/scope.ts";
import type { ExitCounts, SourceName } from "../../source/source.ts";
import { stopTracers } from "../../subprocess/tracer.ts";
import type { Target } from "../../target/target.ts";
import { VERSION } from "../../version.ts";
import { KernelWindow } from "./kernel-window.ts";
import { SampleMaker } from "./samples.ts";
import { summaries } from "./summaries.ts";
import { watchEnds } from "./watch.ts";

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

/**
 * Measures until it is told to end, and yields the records of it, those of one moment
 * together: one start, samples, summaries.
 * A source that dies yields what was counted until then and an error record.
 *
 * @throws UserError when the source does not attach, COMMAND cannot be run, or it is told to end before
 */
export async function* measure(options: SessionOptions): AsyncGenerator<FaultRecord[]> {
  const { target, interval } = options;
  const { scope } = target;
  const ticksPerSample = Math.ceil(interval / LONGEST_TICK_S);
  const window = new KernelWindow();

  window.beforeAttach(pidsOf(scope));
  const chosen = await attach(options, interval / ticksPerSample);
  const { source } = chosen;
  window.afterAttach(pidsOf(scope));

  let endedBy: EndedBy | null = null;
  let endTime = 0;
  const samples = new SampleMaker(options, Date.now() / 1000);
  const end = (by: EndedBy): void => {
    if (endedBy !== null) return;
    endedBy = by;
    endTime = Date.now() / 1000;
    window.beforeStop(withKnown(pidsOf(scope), samples.pids()));
    void source.stop(() => window.afterStop(withKnown(pidsOf(scope), samples.pids())));
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
    if (target.command !== null)
      void target.command.ended.then(
        () => end("exit"),
        () => end("exit"),
      );
    yield [start];

    const deadline = samples.startTime + (options.duration ?? Number.POSITIVE_INFINITY);
    let taken = 0;
    let ticks = 0;
    let failure: string | null = null;
    let exits: ReadonlyMap<number, ExitCounts> = new Map();
    try {
      for await (const tick of source.ticks) {
        exits = tick.exits;
        ticks += 1;
        if (tick.final) {
          // nothing happens after an exit: the run ended with it, not when the source had detached; and a
          // source that died at once had said its last word before the beginning
          const time = Math.max(
            samples.startTime,
            endedBy === "exit" ? Math.min(tick.time, endTime) : tick.time,
          );
          yield [...samples.take({ ...tick, time }, exits, endedBy === "count" || endedBy === "duration")];
        } else if (endedBy === null && ticks % ticksPerSample === 0) {
          taken += 1;
          // the last sample waits for the final tick: what comes until the source is detached belongs to it
          if (taken === options.count) end("count");
          else if (tick.time > deadline - interval / 4) end("duration");
          else yield [...samples.take(tick, exits, true)];
        }
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failure = messageOf(error);
    }
    const by: EndedBy = failure !== null ? "failure" : (endedBy ?? "exit");
    const last = withKnown(pidsOf(scope), samples.pids());
    if (endedBy === null) window.beforeStop(last);
    if (!window.closed) window.afterStop(last);
    const time = samples.endTime;
    if (failure !== null) yield [{ type: "error", time, message: failure }];
    const all = await summaries({
      options,
      window,
      samples,
      exits,
      by,
      lost: source.lost(),
      family: source.family ?? false,
      time,
    });
    yield failure === null ? all : all.map(cutShort);
  } finally {
    watch.close();
    await source.stop();
  }
}

/** @throws UserError when nothing attaches, or when an interruption comes first */
async function attach(options: SessionOptions, tick: number): Promise<Chosen> {
  const { target, via, signal, perThread, latency, types } = options;
  const attaching = chooseSource(via, { scope: target.scope, tick, perThread, latency, types });
  let onAbort = (): void => undefined;
  const aborted = new Promise<null>((resolve) => {
    onAbort = () => resolve(null);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
  const chosen = await Promise.race([attaching, aborted]);
  signal.removeEventListener("abort", onAbort);
  if (chosen !== null) return chosen;
  await stopTracers();
  const late = await attaching.catch(() => null); // that it was stopped is no failure
  await late?.source.stop();
  throw signal.reason;
}

/** Of a source that died nobody knows what it had counted since its last word. */
const cutShort = (summary: SummaryRecord): SummaryRecord => ({
  ...summary,
  failed: null,
  untraced: null,
  lost: null,
});

const withKnown = (pids: readonly number[], known: readonly number[]): number[] => [
  ...new Set([...pids, ...known]),
];
