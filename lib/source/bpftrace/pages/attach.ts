import { availableParallelism, totalmem } from "node:os";
import { EXIT, UserError } from "../../../cli/error.ts";
import { hasTracepoint } from "../../../kernel/tracefs.ts";
import { readPidStat } from "../../../procfs/pid-stat.ts";
import type { ReadyEvent } from "../../stream/event.ts";
import type { FaultSink, Recorder, RecorderOptions } from "../../stream/recorder.ts";
import { composePages } from "../script.ts";
import { startBpftrace } from "../start.ts";
import { PagesDecoder } from "./decoder.ts";

/**
 * What the two maps of bt/pages.bt may take in the kernel together, bytes, but of a small machine's memory no more
 * than a share, and what a key takes in one.
 */
const MAPS_BYTES = 128 << 20;
const MEMORY_SHARE = 1 / 16;
const KEY_BYTES = 200;
const CPU_BYTES = 8;

/** What a count by page does not tell. */
const NO_ORDER = "bpftrace counts by page: the order of faults, and so their pattern, is not known";
const NO_CALLERS = "bpftrace counts by page: which functions fault is not known";

/**
 * Counts the faults of every page in the kernel, through bt/pages.bt, and tells the counts step by step.
 * Resolves once everything is attached.
 *
 * @param keys that each of the two maps may hold
 * @throws UserError when bpftrace is missing or its probes do not attach
 */
export async function attachPages(
  options: RecorderOptions,
  sink: FaultSink,
  keys = keysFor(availableParallelism(), totalmem()),
): Promise<Recorder> {
  const { scope, except = [], onExec = () => undefined } = options;
  if (options.stacks) throw new UserError("bpftrace: call chains need --via faultrec");
  const processes = PROCESS_TRACEPOINTS.every((name) => hasTracepoint(name));
  const { program, stepNs } = composePages(scope, processes);
  const early: string[] = [];
  let take = (line: string): void => void early.push(line);
  const tracer = await startBpftrace({
    program,
    keys,
    format: "text",
    onLine: (line) => take(line),
  });
  const ready = readyNow(options, stepNs);
  let stopped: number | null = null;
  const decoder = new PagesDecoder(
    {
      monotonicNs: ready.monotonicNs,
      stepNs,
      except: new Set([...except, tracer.pid]),
      onExec,
      commOf: (pid) => readPidStat(pid)?.comm ?? "",
      now: () => stopped ?? nowNs(),
    },
    sink,
  );
  sink.event(ready);
  take = (line) => decoder.line(line);
  early.forEach(take);
  const ended = tracer.ended.then(({ asked, signal, cause }) => {
    const died = asked && signal === null ? null : `bpftrace ended: ${cause}`;
    decoder.end(died);
    if (died !== null) throw new UserError(died, EXIT.failed);
  });
  ended.catch(() => undefined); // whoever waits for it hears of it
  return {
    ready,
    degraded: degradedIn(options, processes),
    pid: tracer.pid,
    stop: async () => {
      stopped ??= nowNs();
      await tracer.stop();
      await ended;
    },
    ended,
  };
}

const PROCESS_TRACEPOINTS = ["task:task_newtask", "sched:sched_process_exec", "sched:sched_process_exit"];

/** CLOCK_MONOTONIC. */
const nowNs = (): number => Number(process.hrtime.bigint());

/** Keys that a map may hold: the largest power of two that fits. */
function keysFor(cpus: number, memory: number): number {
  const fit = Math.min(MAPS_BYTES, memory * MEMORY_SHARE) / (2 * (KEY_BYTES + CPU_BYTES * cpus));
  return 2 ** Math.floor(Math.log2(fit));
}

function readyNow({ scope }: RecorderOptions, stepNs: number): ReadyEvent {
  return {
    type: "ready",
    monotonicNs: nowNs(),
    startedAt: Date.now() / 1000,
    ...{ ip: false, latency: false, access: false, physical: false, chain: false, stepNs, lateNs: 0 },
    ...{ userOnly: false, machine: true, follow: scope.kind !== "pids" || scope.follow },
    ...{ threads: 0, unsure: 0, ringBytes: 0 },
  };
}

function degradedIn({ physical, latency, types }: RecorderOptions, processes: boolean): string[] {
  const degraded = [NO_ORDER, NO_CALLERS];
  if (physical) degraded.push("bpftrace tells no page sizes: a huge page counts as one page");
  if (latency || types) degraded.push("bpftrace by page tells neither latency nor access of a fault");
  if (!processes)
    degraded.push("without tracefs bpftrace does not see the names of programs, nor their children");
  return degraded;
}
