import { execa } from "execa";
import { EXIT, UserError } from "../cli/error.ts";
import { helperPath } from "../paths.ts";
import { LineSplitter } from "../subprocess/lines.ts";

/** A COMMAND that is held before its first instruction by helpers-c/launch. */
export interface HeldCommand {
  readonly pid: number;
  /**
   * Lets it go; resolves once it runs, or when it ended while it was held (a Ctrl-C met it too).
   * @throws UserError with status 127 (not found) or 126 (not executable)
   */
  go(): Promise<void>;
  /** Exit code, or 128 + n when it died by signal n. It then is a zombie until release(). */
  readonly ended: Promise<number>;
  /**
   * Lets it be: held, it ends without having run; once it runs it goes on, and need not be waited
   * for; when it has ended, it is reaped.
   */
  release(): Promise<void>;
}

/** One line of helpers-c/launch. */
export type LaunchLine =
  | { type: "held"; pid: number }
  | { type: "running" }
  | { type: "error"; errno: number; text: string }
  | { type: "ended"; status: number }
  | { type: "other" };

/** include/uapi/asm-generic/errno-base.h: nothing of that name, or a part of its path is no directory. */
const NOT_FOUND: ReadonlySet<number> = new Set([2, 20]);

export function parseLaunchLine(line: string): LaunchLine {
  const [word, ...rest] = line.split(" ");
  const n = rest.map(Number);
  switch (word) {
    case "held":
      return { type: "held", pid: n[0] ?? 0 };
    case "running":
      return { type: "running" };
    case "error":
      return { type: "error", errno: n[0] ?? 0, text: rest.slice(1).join(" ") };
    case "ended":
      return { type: "ended", status: n[0] ?? 1 };
    default:
      return { type: "other" };
  }
}

/**
 * Starts COMMAND and holds it. It keeps our standard input; its standard output goes to our
 * standard error, so that ours stays parseable.
 */
export async function holdCommand(argv: readonly string[]): Promise<HeldCommand> {
  const child = execa(helperPath("launch"), ["--", ...argv], {
    stdio: ["inherit", 2, 2, "pipe", "pipe"],
    buffer: false,
    reject: false,
    cleanup: false, // once it runs it survives us; held, it ends with the control pipe
  });
  const streams: readonly unknown[] = child.stdio;
  const control = streams[3] as NodeJS.WritableStream;
  const report = streams[4] as AsyncIterable<Uint8Array>;
  control.on("error", () => undefined); // it is gone: `ended` tells

  const held = deferred<number>();
  const running = deferred<void>();
  const ended = deferred<number>();
  let known = false;
  const read = async (): Promise<void> => {
    const splitter = new LineSplitter();
    for await (const chunk of report) {
      for (const text of splitter.push(chunk)) {
        const line = parseLaunchLine(text);
        if (line.type === "held") {
          known = true;
          held.resolve(line.pid);
        } else if (line.type === "running") running.resolve();
        else if (line.type === "ended") {
          ended.resolve(line.status);
          held.reject(new UserError(`'${argv[0]}' was killed before it began`, line.status));
          if (!known) control.end(); // the launcher waits for nothing else
        } else if (line.type === "error") running.reject(cannotRun(argv[0] ?? "", line));
      }
    }
    const result = await child;
    const lost = new UserError(
      `cannot launch '${argv[0]}': ${result.shortMessage ?? "the launcher ended"}`,
      EXIT.failed,
    );
    held.reject(lost);
    running.reject(lost);
    ended.reject(lost);
  };
  void read();
  const pid = await held.promise;
  let going = false;
  return {
    pid,
    go: async () => {
      going = true;
      control.write("g");
      await Promise.race([ended.promise, running.promise]); // that it ended counts first, if both are known
    },
    release: async () => {
      control.end();
      if (!going) await child;
      else for (const handle of [child, ...streams]) detach(handle);
    },
    ended: ended.promise,
  };
}

function cannotRun(name: string, line: { errno: number; text: string }): UserError {
  const status = NOT_FOUND.has(line.errno) ? EXIT.notFound : EXIT.notExecutable;
  return new UserError(`cannot run '${name}': ${line.text}`, status);
}

/** Lets this process end while the launcher and its pipes are still there. */
function detach(handle: unknown): void {
  if (typeof handle !== "object" || handle === null || !("unref" in handle)) return;
  if (typeof handle.unref === "function") handle.unref();
}

interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined); // whoever waits for it hears of it; who does not is not harmed
  return { promise, resolve, reject };
}
