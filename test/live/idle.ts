import { workloadPath } from "../../lib/paths.ts";
import { rest, start, writable } from "../helpers-c/programs.ts";
import { field } from "../helpers-c/section.ts";
import { type RunningTool, startTool, type ToolRun } from "./tool.ts";

/** The section of a workload between idle edges, seen through several runs of pgfaultstat at once. */
export interface Section {
  pid: number;
  child: number;
  said: Record<string, unknown>;
  tools: ToolRun[];
}

/** A workload that could not run, with its reason. */
export class CannotRun extends Error {}

/**
 * Starts `workload -w ARGS`, attaches while it is idle, lets it take its faults, and ends all
 * observers while it is idle again. `who` is the process that they trace.
 */
export async function section(
  workload: string,
  args: string[],
  observers: string[][],
  who: "pid" | "child" = "pid",
): Promise<Section> {
  const program = start(workloadPath(workload), ["-w", ...args]);
  try {
    const ready = await program.line();
    if (ready === null) throw new CannotRun((await program.end).stderr.trim());
    const state: unknown = JSON.parse(ready);
    const [pid, child] = [Number(field(state, "pid")), Number(field(state, "child"))];
    const running: RunningTool[] = [];
    for (const options of observers) {
      running.push(await startTool("-p", String(who === "pid" ? pid : child), ...options));
    }
    writable(program, 0).write("x");
    const done = await program.line();
    if (done !== '{"state":"done"}') throw new CannotRun((await program.end).stderr.trim());
    const tools: ToolRun[] = [];
    for (const tool of running) tools.push(await tool.stop());
    writable(program, 0).write("x");
    const [said] = await rest(program);
    return { pid, child, said: JSON.parse(said ?? "null"), tools };
  } finally {
    program.process.kill("SIGKILL");
  }
}
