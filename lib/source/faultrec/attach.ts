import { EXIT, messageOf, UserError } from "../../cli/error.ts";
import { withFix } from "../../kernel/fix.ts";
import { helperPath } from "../../paths.ts";
import { startTracer } from "../../subprocess/tracer.ts";
import { MEMBERS_ONLY, membersOf } from "../scope.ts";
import type { ReadyEvent } from "../stream/event.ts";
import type { FaultSink, Recorder, RecorderOptions } from "../stream/recorder.ts";
import { FaultrecDecoder } from "./decode.ts";

/** What faultrec says when there is nobody to record; anything else that stops it is a prerequisite. */
const NO_PROCESS = /no such process/;

/** The kernel has no perf events for cgroups, or they are in another hierarchy. */
const NO_CGROUP = /cannot record cgroup/;

/** What faultrec leaves out where it finds no tracepoint, or may not open it. */
const NO_TYPES =
  "access types need root and the tracepoints exceptions:page_fault_user and _kernel of x86 (tracefs)";

/**
 * Records every fault of processes through helpers-c/faultrec into the sink, in the order they happened.
 * Resolves once everything is attached. The tap gets the stream itself, before it is read.
 * @throws UserError when there is no such process, or the kernel refuses
 */
export async function attachRecorder(
  options: RecorderOptions,
  sink: FaultSink,
  tap: (chunk: Uint8Array) => void = () => undefined,
): Promise<Recorder> {
  const { scope } = options;
  try {
    return await attach(options, sink, tap);
  } catch (error) {
    if (scope.kind !== "cgroup" || !NO_CGROUP.test(messageOf(error))) throw error;
    const recorder = await attach({ ...options, scope: membersOf(scope.directory) }, sink, tap);
    return { ...recorder, degraded: [MEMBERS_ONLY, ...recorder.degraded] };
  }
}

async function attach(
  options: RecorderOptions,
  sink: FaultSink,
  tap: (chunk: Uint8Array) => void,
): Promise<Recorder> {
  let announce: (event: ReadyEvent) => void = () => undefined;
  const announced = new Promise<ReadyEvent>((resolve) => {
    announce = resolve;
  });
  let isReady = false;
  const decoder = new FaultrecDecoder({
    faults: (batch) => sink.faults(batch),
    event: (event) => {
      if (event.type === "ready") {
        isReady = true;
        announce(event);
      }
      if (isReady) sink.event(event); // else another recorder may be tried with the same sink
    },
  });
  const tracer = await startTracer(helperPath("faultrec"), argumentsFor(options), {
    onChunk: (chunk) => {
      tap(chunk);
      decoder.push(chunk);
    },
  });
  const ended = tracer.ended.then(({ exitCode, cause }) => {
    decoder.end();
    if (exitCode === 0) return;
    if (isReady || NO_PROCESS.test(cause)) throw new UserError(cause, EXIT.failed);
    throw new UserError(withFix(cause), EXIT.prerequisite);
  });
  ended.catch(() => undefined); // whoever waits for it hears of it
  const ready = await Promise.race([announced, ended.then(() => null)]);
  if (ready === null) throw new UserError("faultrec ended before it was ready", EXIT.failed);
  return {
    ready,
    degraded: degradedIn(options, ready),
    pid: tracer.pid,
    stop: async () => {
      await tracer.stop();
      await ended;
    },
    ended,
  };
}

/** Light recordings know times as well as the rings are read often. */
const LIGHT_DELAY_MS = 20;

function whomArguments({ scope, except = [] }: RecorderOptions): string[] {
  const others = except.flatMap((pid) => ["-x", String(pid)]);
  switch (scope.kind) {
    case "all":
      return ["-a", ...others];
    case "cgroup":
      return ["-g", scope.directory, ...others];
    case "pids":
      return [...(scope.follow ? ["-f"] : []), ...scope.pids.map(String)];
  }
}

function argumentsFor(options: RecorderOptions): string[] {
  const {
    ip = true,
    light = false,
    latency = false,
    types = false,
    physical = false,
    stacks = false,
    delayMs = light ? LIGHT_DELAY_MS : 100,
  } = options;
  return [
    ...(ip ? [] : ["-n"]),
    ...(light ? ["-L"] : []),
    ...(latency ? ["-l"] : []),
    ...(types ? ["-t"] : []),
    ...(physical ? ["-P"] : []),
    ...(stacks ? ["-s"] : []),
    "-i",
    String(delayMs),
    ...whomArguments(options),
  ];
}

function degradedIn(options: RecorderOptions, ready: ReadyEvent): string[] {
  const degraded: string[] = [];
  if (ready.userOnly) degraded.push("faults in kernel mode are not seen: that needs privilege");
  if (options.light && ready.lateNs === 0)
    degraded.push("--light is for up to 16 threads: each fault is recorded with its time and thread");
  if (options.types && !ready.access) degraded.push(NO_TYPES);
  if (options.physical && !ready.physical) degraded.push("physical addresses need privilege");
  if (ready.unsure > 0) {
    degraded.push(`${ready.unsure} threads were born while the events attached and may be told twice`);
  }
  return degraded;
}
