import assert from "node:assert/strict";
import { workloadPath } from "../../lib/paths.ts";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import { countFaults, type Traced } from "./perf.ts";
import { type Program, rest, start, writable } from "./programs.ts";

/** A section seen from three sides: by perf, by /proc, and by what the workload says itself. */
export interface Measured {
  traced: Traced;
  /** Change of the process's (or its child's) counters in /proc. */
  kernel: { minor: number; major: number };
  said: Record<string, unknown>;
}

/** A workload that could not run: the line with which it said why. */
export class CannotRun extends Error {}

/** Runs `workload -w ARGS` and measures its section between the idle edges; `who` is the process to look at. */
export async function measure(
  workload: string,
  args: string[],
  who: "self" | "child" = "self",
): Promise<Measured> {
  const program = start(workloadPath(workload), ["-w", ...args]);
  try {
    return await measureSection(program, who === "self" ? "pid" : "child");
  } finally {
    program.process.kill("SIGKILL"); // it waits for us where something went wrong
  }
}

async function measureSection(program: Program, who: "pid" | "child"): Promise<Measured> {
  const ready = await program.line();
  if (ready === null) throw new CannotRun((await program.end).stderr.trim());
  const pid = Number(field(JSON.parse(ready), who));
  const early = countersOf(pid);
  const counting = await countFaults(pid);
  writable(program, 0).write("x");
  assert.equal(await program.line(), '{"state":"done"}');
  const traced = await counting.stop();
  const late = countersOf(pid);
  writable(program, 0).write("x");
  const [said] = await rest(program);
  assert.deepEqual(await program.end, { code: 0, signal: null, stderr: "" });
  const kernel = { minor: late.minor - early.minor, major: late.major - early.major };
  return { traced, kernel, said: JSON.parse(said ?? "null") };
}

function countersOf(pid: number): { minor: number; major: number } {
  const stat = readPidStat(pid);
  assert.ok(stat, `process ${pid} has gone`);
  return stat;
}

/** A field of something that was JSON. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
}
