import { Duplex, Readable } from "node:stream";
import { execa, type Options } from "execa";
import { EXIT, UserError } from "../cli/error.ts";
import { bpftrace } from "../kernel/bpftrace.ts";
import { runCheck } from "../kernel/capability.ts";
import { perf } from "../kernel/perf.ts";
import { helperPath } from "../paths.ts";
import { causeIn } from "./cause.ts";
import { forEachChunk, forEachLine } from "./lines.ts";

/** How long a tracer that is to end may say nothing, before it is killed: its last maps or faults may be many. */
const GRACE_MS = 15_000;
/** A stop signal that meets bpftrace outside its poll is lost (docs/sources.md): it is repeated. */
const REPEAT_MS = 500;

export interface TracerEnd {
  exitCode: number | null;
  signal: string | null;
  /** The end was asked for by stop(). */
  asked: boolean;
  /** Why it ended, in one line: not installed, killed, or what it complained of. */
  cause: string;
}

export interface Tracer {
  readonly pid: number;
  /** Sends SIGTERM (again and again until it is gone) and waits for the end. */
  stop(): Promise<TracerEnd>;
  /** Resolves when it has ended and its last line was delivered; never rejects. */
  readonly ended: Promise<TracerEnd>;
  /** Writes a line to its control descriptor (4); resolves when it acknowledged on 5, or has ended. */
  command(text: string): Promise<void>;
  /** Its standard output, for another tracer's `input`. */
  readonly output: Readable | null;
  /** Another tracer told something of its output: it is at work. */
  heard(): void;
}

export interface TracerOptions {
  env?: Record<string, string>;
  onLine?: (line: string) => void;
  /** Takes the bytes as they come, instead of lines. */
  onChunk?: (chunk: Uint8Array) => void;
  onErrorLine?: (line: string) => void;
  /**
   * Where its lines come from: its standard output, or a descriptor of its own (perf's --log-fd).
   * "nowhere": its standard output is for another tracer, straight from the one to the other.
   */
  linesFrom?: "stdout" | "fd3" | "nowhere";
  /** Instead of GRACE_MS. */
  graceMs?: number;
  /** Takes commands (perf's --control fd:4,5); one with lines from fd3 always does. */
  control?: boolean;
  /** The `output` of another, which is lost to everybody else. */
  input?: Readable;
}

/** The programs that a package brings; doctor knows which. */
const PACKAGED = new Map([
  ["bpftrace", bpftrace],
  ["perf", perf],
]);

/** Tracers that have not ended yet. */
const running = new Set<Tracer>();

/** Stops every tracer, also one that has not said yet that it is attached. */
export async function stopTracers(): Promise<void> {
  await Promise.all([...running].map((tracer) => tracer.stop()));
}

/** Input, output, error; with perf's --log-fd 3 and --control fd:4,5 also log, control, acknowledgement. */
function descriptors({ linesFrom, control, input }: TracerOptions): Options["stdio"] {
  const log = linesFrom === "fd3";
  const three = [input ?? "ignore", log ? "ignore" : "pipe", "pipe"] as const;
  return log || control ? [...three, "pipe", "pipe", "pipe"] : [...three];
}

/** Lines of standard error among which the cause is: perf refuses in 15, of which the second says why. */
const REMEMBERED = 32;

/**
 * Starts a tracer that dies with this process, even when that is killed: through helpers-c/leash.
 * It has no standard input and a process group of its own, so that a Ctrl-C of the terminal meets
 * this process alone, which then ends the tracer in its own time.
 *
 * @throws UserError when the program cannot be started
 */
export async function startTracer(file: string, args: string[], options: TracerOptions): Promise<Tracer> {
  const tail: string[] = [];
  const remember = (line: string): void => {
    if (line.trim() !== "") tail.push(line.trim());
    if (tail.length > REMEMBERED) tail.shift();
    options.onErrorLine?.(line);
  };
  const child = execa(helperPath("leash"), [String(process.pid), file, ...args], {
    stdio: descriptors(options),
    buffer: false,
    reject: false,
    detached: true,
    cleanup: true,
    forceKillAfterDelay: false, // execa's own patience: five seconds after SIGTERM, whatever it still tells
    env: { LC_ALL: "C", ...options.env },
  });
  options.input?.destroy(); // it has its own: when it ends, the one before shall notice
  const lines = { stdout: child.stdout, fd3: child.stdio[3], nowhere: null }[options.linesFrom ?? "stdout"];
  let asked = false;
  let isGivenUp = false;
  const { onChunk, onLine, graceMs = GRACE_MS } = options;
  let last = performance.now();
  const heard = (): void => {
    last = performance.now();
  };
  const heed =
    <T>(take: (part: T) => void = () => undefined) =>
    (part: T): void => {
      take(part);
      heard();
    };
  const drained = [
    onChunk ? forEachChunk(lines, heed(onChunk)) : forEachLine(lines, heed(onLine)),
    forEachLine(child.stderr, remember),
  ];
  const ended = (async (): Promise<TracerEnd> => {
    const result = await child;
    await Promise.all(drained);
    const exitCode = result.exitCode ?? null;
    const signal = result.signal ?? null;
    const cause = async (): Promise<string> => {
      if (child.pid === undefined) return result.shortMessage ?? "cannot start";
      // leash's own status where there is no such program
      const missing = exitCode === EXIT.notFound ? await notInstalled(file) : null;
      if (missing !== null) return missing;
      // from outside, or for want of memory: what it said before is no reason
      if (signal !== null && !asked) return `killed by ${signal}`;
      if (isGivenUp) return "it did not end when it was told to, and was killed";
      return causeIn(tail) ?? "no reason given";
    };
    return { exitCode, signal, asked, cause: await cause() };
  })();
  if (child.pid === undefined) {
    const { cause } = await ended;
    throw new UserError(`cannot start '${file}': ${cause}`, EXIT.prerequisite);
  }
  const stop = async (): Promise<TracerEnd> => {
    asked = true;
    child.kill("SIGTERM");
    const asking = performance.now();
    const again = setInterval(() => {
      isGivenUp ||= performance.now() - Math.max(last, asking) > graceMs;
      child.kill(isGivenUp ? "SIGKILL" : "SIGTERM");
    }, REPEAT_MS);
    try {
      return await ended;
    } finally {
      clearInterval(again);
    }
  };
  const command = commandsTo(file, child.stdio, ended);
  const output = options.linesFrom === "nowhere" ? asReadable(child.stdout) : null;
  const tracer = { pid: child.pid, stop, ended, command, output, heard };
  running.add(tracer);
  void ended.then(() => running.delete(tracer));
  return tracer;
}

/** Sends commands, of which it acknowledges each: perf's --control fd:4,5. */
function commandsTo(
  file: string,
  streams: readonly unknown[],
  ended: Promise<TracerEnd>,
): (text: string) => Promise<void> {
  const [control, acknowledgement] = [streams[4], streams[5]];
  if (!isDuplex(control) || !isDuplex(acknowledgement)) {
    return () => Promise.reject(new Error(`${file} has no control descriptor`));
  }
  let waiting: (() => void)[] = [];
  const answer = (): void => {
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  control.on("error", () => undefined); // it ended first: `ended` says so
  acknowledgement.on("data", answer);
  let over = false;
  void ended.then(() => {
    over = true;
    answer();
  });
  return (text) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (over) answer();
      else control.write(`${text}\n`);
    });
}

/** What doctor says of a program that is not installed, with the command that helps; null if it is. */
async function notInstalled(file: string): Promise<string | null> {
  const check = PACKAGED.get(file);
  if (check === undefined) return null;
  const { status, detail, fix } = await runCheck(file, check);
  return status === "ok" || fix === null ? null : `${detail}: ${fix}`;
}

const asReadable = (stream: unknown): Readable | null => (stream instanceof Readable ? stream : null);

const isDuplex = (stream: unknown): stream is Duplex => stream instanceof Duplex;
