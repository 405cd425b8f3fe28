import { availableParallelism } from "node:os";
import { EXIT, UserError } from "../../cli/error.ts";
import { withFix } from "../../kernel/fix.ts";
import { countsUserModeOnly } from "../../kernel/perf.ts";
import { listThreads } from "../../procfs/processes.ts";
import { startTracer, type Tracer } from "../../subprocess/tracer.ts";
import { MEMBERS_ONLY, membersOf } from "../scope.ts";
import type { Fields } from "../stream/batch.ts";
import type { ReadyEvent } from "../stream/event.ts";
import type { FaultSink, Recorder, RecorderOptions } from "../stream/recorder.ts";
import { PerfScriptDecoder } from "./decode.ts";
import { RECORDED, recordArguments, scriptArguments, whomArguments } from "./options.ts";

/** Half a second of the fastest program, as long as all CPUs together do not need too much. */
const RING_MOST = 16 << 20;
const RINGS_TOTAL = 64 << 20;
/** What perf record says when there is nobody to record; anything else that stops it is a prerequisite. */
const NO_PROCESS = /No such process/;

/** How perf is asked to record. */
interface Setup {
  fields: Fields;
  ringBytes: number | null;
}

/** `perf record | perf script`, recording. */
interface Pipeline {
  record: Tracer;
  script: Tracer;
  setup: Setup;
  /** From now on what perf script prints goes here, beginning with what it has printed already. */
  readInto(decoder: PerfScriptDecoder): void;
}

/**
 * Records every fault of processes through `perf record | perf script` into the sink, in the order they
 * happened. Resolves once everything is attached.
 *
 * @throws UserError when there is no such process, or perf cannot record it
 */
export async function attachPerfScript(options: RecorderOptions, sink: FaultSink): Promise<Recorder> {
  const { stacks = false, delayMs = 100, except = [] } = options;
  if (stacks) throw new UserError("perf: call chains need --via faultrec");
  if (options.scope.kind === "cgroup") {
    const recorder = await attachPerfScript({ ...options, scope: membersOf(options.scope.directory) }, sink);
    return { ...recorder, degraded: [MEMBERS_ONLY, ...recorder.degraded] };
  }
  const { scope } = options;
  const pipeline = await startRecording(options);
  const { record, script, setup } = pipeline;
  const ready = readyNow(options, setup);
  const ns = BigInt(ready.monotonicNs);
  const base = { seconds: Number(ns / 1_000_000_000n), nanoseconds: Number(ns % 1_000_000_000n) };
  const decoder = new PerfScriptDecoder(
    {
      events: RECORDED,
      fields: setup.fields,
      base,
      // perf records forked children in any case
      pids: scope.kind === "pids" && !scope.follow ? new Set(scope.pids) : null,
      except: new Set(except),
      skipListed: true,
    },
    sink,
  );
  sink.event(ready);
  pipeline.readInto(decoder);
  const stopReading = readEvery(record, delayMs);
  const ended = endOf(record, script).then((died) => {
    stopReading();
    decoder.end(died);
    const failure = died ?? decoder.damage;
    if (failure !== null) throw new UserError(failure, EXIT.failed);
  });
  ended.catch(() => undefined); // whoever waits for it hears of it
  return {
    ready,
    degraded: degradedIn(options, ready),
    pid: record.pid,
    stop: async () => {
      await record.stop(); // perf script ends with its input
      await ended;
    },
    ended,
  };
}

/** With all that was asked for, else with what a user without privilege may have. */
async function startRecording({ scope, ip = true, physical = false }: RecorderOptions): Promise<Pipeline> {
  const ringBytes = ringSize(availableParallelism());
  const wanted: Setup = { fields: { ip, physical, chain: false }, ringBytes };
  const least: Setup = { fields: { ip, physical: false, chain: false }, ringBytes: null };
  let cause = "";
  for (const setup of [wanted, least]) {
    const started = await startPipeline(whomArguments(scope), setup);
    if (typeof started !== "string") return started;
    cause = started;
    if (NO_PROCESS.test(cause)) throw new UserError("perf record: no such process", EXIT.failed);
  }
  throw new UserError(`perf record: ${withFix(cause)}`, EXIT.prerequisite);
}

/** The pipeline once its events count, or why it does not. */
async function startPipeline(whom: readonly string[], setup: Setup): Promise<Pipeline | string> {
  const { fields, ringBytes } = setup;
  const record = await startTracer("perf", recordArguments(whom, fields, ringBytes), {
    linesFrom: "nowhere",
    control: true,
  });
  if (record.output === null) throw new Error("perf record has no output");
  let take: ((chunk: Uint8Array) => void) | null = null;
  const early: Uint8Array[] = [];
  const script = await startTracer("perf", scriptArguments("-", fields), {
    input: record.output,
    onChunk: (chunk) => {
      record.heard();
      if (take === null) early.push(chunk);
      else take(chunk);
    },
  });
  await record.command("enable");
  const over = await Promise.race([record.ended, script.ended, null]);
  if (over !== null) {
    const [{ cause }] = await Promise.all([record.stop(), script.stop()]);
    return cause;
  }
  return {
    record,
    script,
    setup,
    readInto: (decoder) => {
      take = (chunk) => decoder.push(chunk);
      for (const chunk of early) decoder.push(chunk);
    },
  };
}

function ringSize(cpus: number): number {
  let size = RING_MOST;
  while (size * cpus > RINGS_TOTAL && size > 1 << 16) size /= 2;
  return size;
}

function readyNow({ scope }: RecorderOptions, { fields, ringBytes }: Setup): ReadyEvent {
  return {
    type: "ready",
    monotonicNs: Number(process.hrtime.bigint()),
    startedAt: Date.now() / 1000,
    ip: fields.ip,
    physical: fields.physical,
    chain: false,
    latency: false,
    access: false,
    stepNs: null,
    lateNs: 0,
    userOnly: countsUserModeOnly(),
    machine: scope.kind === "all",
    follow: scope.kind !== "pids" || scope.follow,
    threads: scope.kind === "pids" ? scope.pids.reduce((sum, pid) => sum + listThreads(pid).length, 0) : 0,
    unsure: 0,
    ringBytes: ringBytes ?? 0,
  };
}

function degradedIn(options: RecorderOptions, ready: ReadyEvent): string[] {
  const degraded: string[] = [];
  if (ready.userOnly) degraded.push("faults in kernel mode are not seen: that needs privilege");
  if (options.physical && !ready.physical) degraded.push("physical addresses need privilege");
  if (options.latency || options.types) degraded.push("perf tells neither latency nor access of a fault");
  return degraded;
}

/** Left alone, perf record reads its rings when one is half full: any command makes it read them. */
function readEvery(record: Tracer, ms: number): () => void {
  let asking = false;
  const timer = setInterval(() => {
    if (asking) return;
    asking = true;
    void record.command("ping").then(() => {
      asking = false;
    });
  }, ms);
  return () => clearInterval(timer);
}

/** Resolves when both have ended, with what went wrong, or null. */
async function endOf(record: Tracer, script: Tracer): Promise<string | null> {
  const reader = await script.ended;
  // its input has ended, or it has: then perf record writes for nobody
  const recorder = reader.exitCode === 0 ? await record.ended : await record.stop();
  if (reader.exitCode !== 0) return `perf script ended: ${reader.cause}`;
  const fine = recorder.exitCode === 0 || (recorder.asked && recorder.signal !== "SIGKILL");
  return fine ? null : `perf record ended: ${recorder.cause}`;
}
