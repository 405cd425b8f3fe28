import { execa } from "execa";
import { EXIT } from "../cli/error.ts";
import { causeIn } from "./cause.ts";
import { forEachLine } from "./lines.ts";
import { Queue } from "./queue.ts";

/** A helper that is asked on its standard input and answers on its standard output, a JSON object a line. */
export interface Dialogue<Line> {
  /** Asks; harmless when it has ended. */
  ask(text: string): void;
  /** The next line; null when it has said its last. */
  next(): Promise<Line | null>;
  /** Ends its input, and waits for its end. */
  close(): Promise<void>;
  /** How it ended: its status, and what it complained of without its own name. */
  readonly ended: Promise<{ exitCode: number; cause: string }>;
}

/**
 * Starts a helper in a session of its own: a Ctrl-C of the terminal does not meet it. It is not on a leash: it
 * ends with its standard input, which ends with this process, however that does.
 */
export function startDialogue<Line>(file: string, args: readonly string[]): Dialogue<Line> {
  const child = execa(file, args, {
    stdio: ["pipe", "pipe", "pipe"],
    buffer: { stdout: false },
    reject: false,
    detached: true,
    cleanup: false,
    env: { LC_ALL: "C" },
  });
  child.stdin.on("error", () => undefined); // it ended first: its last line says why
  const lines = new Queue<Line>();
  void forEachLine(child.stdout, (line) => lines.push(JSON.parse(line))).then(
    () => lines.close(),
    (error) => lines.fail(error),
  );
  const iterator = lines[Symbol.asyncIterator]();
  return {
    ask: (text) => void child.stdin.write(text),
    next: async () => (await iterator.next()).value ?? null,
    close: async () => {
      child.stdin.end();
      await child;
    },
    ended: child.then(({ exitCode, stderr, shortMessage }) => ({
      exitCode: exitCode ?? EXIT.failed,
      cause: causeIn(stderr.split("\n"))?.replace(/^[\w-]+: /, "") ?? shortMessage ?? "it ended",
    })),
  };
}
