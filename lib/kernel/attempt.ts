import { execa } from "execa";

export interface Attempted {
  /** The program is there. */
  found: boolean;
  exitCode: number | null;
  timedOut: boolean;
  /** Standard output and standard error, interleaved. */
  output: string;
}

/** Runs a program to its end, or for at most `limitMs`, then kills it. Never rejects. */
export async function attempt(
  file: string,
  args: string[],
  { env = {}, limitMs = 10_000 }: { env?: Record<string, string>; limitMs?: number } = {},
): Promise<Attempted> {
  const result = await execa(file, args, {
    all: true,
    stdin: "ignore",
    reject: false,
    timeout: limitMs,
    killSignal: "SIGKILL",
    env: { LC_ALL: "C", ...env },
  });
  return {
    found: result.code !== "ENOENT",
    exitCode: result.exitCode ?? null,
    timedOut: result.timedOut,
    output: result.all,
  };
}

/** Why it did not work, in one line. */
export function reasonOf(file: string, { exitCode, timedOut, output }: Attempted): string {
  if (timedOut) return `${file} did not end in time`;
  const errors = output.split("\n").filter((line) => /ERROR: |error: /i.test(line) && !IS_REMARK.test(line));
  const line =
    errors.at(-1) ?? output.split("\n").find((each) => each.trim() !== "" && !IS_REMARK.test(each));
  return line?.replace(/^.*?ERROR: /, "").trim() ?? `${file} ended with status ${exitCode}`;
}

/** bpftrace says these and works. */
const IS_REMARK = /RLIMIT_MEMLOCK|^Error:\s*$|^Attach/;
