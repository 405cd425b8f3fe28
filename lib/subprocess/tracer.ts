import { Duplex } from "node:stream";
import { execa, type Options } from "execa";
import { EXIT, UserError } from "../cli/error.ts";
import { bpftrace } from "../kernel/bpftrace.ts";
import { runCheck } from "../kernel/capability.ts";
import { perf } from "../kernel/perf.ts";
import { helperPath } from "../paths.ts";
import { causeIn } from "./cause.ts";
import { LineSplitter } from "./lines.ts";

/** How long a tracer may take to print its last maps and end, before it is killed. */
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
}

export interface TracerOptions {
  env?: Record<string, string>;
  onLine?: (line: string) => void;
  /** Takes the bytes as they come, instead of lines. */
  onChunk?: (chunk: Uint8Array) => void;
  onErrorLine?: (line: string) => void;
  /** Where its lines come from: its standard output, or a descriptor of its own (perf's --log-fd). */
  linesFrom?: "stdout" | "fd3";
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

/** Descriptors of a tracer with perf's --log-fd 3 and --control fd:4,5: input, output, error, log, control, acknowledgement. */
const WITH_CONTROL = ["ignore", "ignore", "pipe", "pipe", "pipe", "pipe"] as const;

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
    if (tail.length > 8) tail.shift();
    options.onErrorLine?.(line);
  };
  const stdio: Options["stdio"] =
    options.linesFrom === "fd3" ? [...WITH_CONTROL] : ["ignore", "pipe", "pipe"];
  const child = execa(helperPath("leash"), [String(process.pid), file, ...args], {
    stdio,
    buffer: false,
    reject: false,
    detached: true,
    cleanup: true,
    env: { LC_ALL: "C", ...options.env },
  });
  const lines = options.linesFrom === "fd3" ? child.stdio[3] : child.stdout;
  let asked = false;
  const { onChunk, onLine = () => undefined } = options;
  const drained = [
    onChunk ? forEachChunk(lines, onChunk) : forEachLine(lines, onLine),
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
    const again = setInterval(() => child.kill("SIGTERM"), REPEAT_MS);
    const last = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    try {
      return await ended;
    } finally {
      clearInterval(again);
      clearTimeout(last);
    }
  };
  const command = async (text: string): Promise<void> => {
    const streams: readonly unknown[] = child.stdio;
    const [control, acknowledgement] = [streams[4], streams[5]];
    if (!isDuplex(control) || !isDuplex(acknowledgement))
      throw new Error(`${file} has no control descriptor`);
    const answer = new Promise<void>((resolve) => acknowledgement.once("data", () => resolve()));
    control.on("error", () => undefined); // it ended first: `ended` says so
    control.write(`${text}\n`);
    await Promise.race([answer, ended]);
  };
  const tracer = { pid: child.pid, stop, ended, command };
  running.add(tracer);
  void ended.then(() => running.delete(tracer));
  return tracer;
}

/** What doctor says of a program that is not installed, with the command that helps; null if it is. */
async function notInstalled(file: string): Promise<string | null> {
  const check = PACKAGED.get(file);
  if (check === undefined) return null;
  const { status, detail, fix } = await runCheck(file, check);
  return status === "ok" || fix === null ? null : `${detail}: ${fix}`;
}

async function forEachChunk(stream: unknown, take: (chunk: Uint8Array) => void): Promise<void> {
  if (!isByteStream(stream)) return;
  for await (const chunk of stream) take(chunk);
}

async function forEachLine(stream: unknown, take: (line: string) => void): Promise<void> {
  const splitter = new LineSplitter();
  await forEachChunk(stream, (chunk) => splitter.push(chunk).forEach(take));
  splitter.end().forEach(take);
}

const isDuplex = (stream: unknown): stream is Duplex => stream instanceof Duplex;

function isByteStream(stream: unknown): stream is AsyncIterable<Uint8Array> {
  return typeof stream === "object" && stream !== null && Symbol.asyncIterator in stream;
}
