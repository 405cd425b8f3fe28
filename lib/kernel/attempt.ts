import { execa } from "execa";
import { causeIn } from "../subprocess/cause.ts";

export interface Attempted {
  /** The program is there. */
  found: boolean;
  exitCode: number | null;
  timedOut: boolean;
  /** Standard output and standard error, interleaved. */
  output: string;
}

/** How long a trial may take before it counts as one that hangs: a slow and busy machine needs seconds. */
export const LIMIT_MS = 30_000;

/** Runs a program to its end, or for at most `limitMs`, then kills it. Never rejects. */
export async function attempt(
  file: string,
  args: string[],
  { env = {}, limitMs = LIMIT_MS }: { env?: Record<string, string>; limitMs?: number } = {},
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
  return causeIn(output.split("\n")) ?? `${file} ended with status ${exitCode}`;
}
