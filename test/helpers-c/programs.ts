import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { execa } from "execa";
import { ROOT } from "../../lib/paths.ts";

/** How long a program under test may live, in seconds: much longer where the machine is an emulated one. */
export const LIMIT_MS = Number(process.env.TEST_PROGRAM_TIMEOUT ?? 600) * 1000;

/** Builds these helpers and workloads (all without names), as a user would. */
export async function make(...targets: string[]): Promise<void> {
  await execa("make", ["-s", "-C", `${ROOT}/helpers-c`, ...targets]);
}

/** What a program left behind: its exit code, or the signal it died by. */
export interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** A program under test with every standard stream, and those above, as a pipe. */
export interface Program {
  process: ChildProcess;
  pid: number;
  /** The next line of its standard output; null at the end. */
  line(): Promise<string | null>;
  end: Promise<End>;
}

/** Starts a program; with `descriptors` 5 it gets pipes at 3 and 4 as well. It is killed if it outlives the test. */
export function start(file: string, args: string[], descriptors = 3): Program {
  const child = spawn(file, args, {
    stdio: Array.from({ length: descriptors }, () => "pipe" as const),
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  // Node's pipes are sockets, which reset when the other side ends with bytes unread; `end` says how it ended
  for (const stream of child.stdio) stream?.on("error", () => undefined);
  const end = once(child, "close").then(
    ([code, signal]): End => ({ code: code ?? null, signal: signal ?? null, stderr }),
  );
  if (child.pid === undefined) throw new Error(`cannot start ${file}`);
  return { process: child, pid: child.pid, line: lineReader(child.stdio[1]), end };
}

/** Reads a stream line by line, whenever asked. */
export function lineReader(stream: unknown): () => Promise<string | null> {
  const lines = createInterface({ input: stream as Readable })[Symbol.asyncIterator]();
  return async () => {
    const next = await lines.next();
    return next.done === true ? null : next.value;
  };
}

/** The pipe at a descriptor of the program, to write to. */
export function writable(program: Program, descriptor: number): Writable {
  return program.process.stdio[descriptor] as Writable;
}

/** Everything it prints from here on, once it has ended. */
export async function rest(program: Program): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await program.line(); line !== null; line = await program.line()) lines.push(line);
  return lines;
}

/** How long what must come may take, s: the tools alone need ten to start where the machine is slow and busy. */
const PATIENCE_S = 90;

/** Waits until the condition holds; a condition that never does fails by name, not by hanging. */
export async function until(what: string | (() => string), condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 1000 * PATIENCE_S; performance.now() < end; ) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited ${PATIENCE_S} seconds in vain: ${typeof what === "string" ? what : what()}`);
}
