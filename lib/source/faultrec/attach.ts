import { EXIT, UserError } from "../../cli/error.ts";
import { withFix } from "../../kernel/fix.ts";
import { helperPath } from "../../paths.ts";
import { startTracer } from "../../subprocess/tracer.ts";
import { FaultrecDecoder, type FaultrecSink } from "./decode.ts";
import type { ReadyEvent } from "./event.ts";

/** What faultrec says when there is nobody to record; anything else that stops it is a prerequisite. */
const NO_PROCESS = /no such process/;

export interface RecorderOptions {
  pids: readonly number[];
  /** Forked children too. */
  follow?: boolean;
  /** The instruction of each fault (default true). */
  ip?: boolean;
  /** Physical address and page size of each fault. */
  physical?: boolean;
  /** Call chain of each fault, in user space. */
  stacks?: boolean;
  /** Longest time that a fault waits to be told, milliseconds (default 100). */
  delayMs?: number;
}

export interface Recorder {
  readonly ready: ReadyEvent;
  /** What was asked for and cannot be had, each in words. */
  readonly degraded: string[];
  readonly pid: number;
  /** Ends the recording; resolves when the last of it has been delivered. */
  stop(): Promise<void>;
  /**
   * Resolves at the end, by stop() or when all processes have ended.
   * Rejects with a UserError when the recorder failed; what it told before has been delivered.
   */
  readonly ended: Promise<void>;
}

/**
 * Records every fault of processes through helpers-c/faultrec into the sink, in the order they happened.
 * Resolves once everything is attached.
 * @throws UserError when there is no such process, or the kernel refuses
 */
export async function attachRecorder(options: RecorderOptions, sink: FaultrecSink): Promise<Recorder> {
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
      sink.event(event);
    },
  });
  const tracer = await startTracer(helperPath("faultrec"), argumentsFor(options), {
    onChunk: (chunk) => decoder.push(chunk),
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

function argumentsFor(options: RecorderOptions): string[] {
  const { pids, follow = false, ip = true, physical = false, stacks = false, delayMs = 100 } = options;
  return [
    ...(follow ? ["-f"] : []),
    ...(ip ? [] : ["-n"]),
    ...(physical ? ["-P"] : []),
    ...(stacks ? ["-s"] : []),
    "-i",
    String(delayMs),
    ...pids.map(String),
  ];
}

function degradedIn(options: RecorderOptions, ready: ReadyEvent): string[] {
  const degraded: string[] = [];
  if (ready.userOnly) degraded.push("faults in kernel mode are not seen: that needs privilege");
  if (options.physical && !ready.physical) degraded.push("physical addresses need privilege");
  if (ready.unsure > 0) {
    degraded.push(`${ready.unsure} threads were born while the events attached and may be told twice`);
  }
  return degraded;
}
