import { execa } from "execa";
import { helperPath } from "../../lib/paths.ts";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import { countFaults, type Traced } from "../helpers-c/perf.ts";
import { lineReader, type Program, rest, start, writable } from "../helpers-c/programs.ts";
import { type RunningTool, startTool, type ToolRun } from "./tool.ts";

/** One COMMAND, seen at once by perf stat, by the kernel's counters and by pgfaultstat through several sources. */
export interface HeldRun {
  pid: number;
  status: number;
  perf: Traced;
  /** What the kernel counted in between, and had counted before. */
  kernel: { minor: number; major: number };
  before: { minor: number; major: number };
  tools: Map<string, ToolRun>;
  /** Lines of its standard output. */
  output: string[];
}

/**
 * Holds COMMAND before its first instruction, attaches all observers while it cannot move, lets it
 * run, and reads the kernel's last word while it is a zombie.
 */
export async function observe(
  command: string[],
  sources: string[],
  options: string[] = [],
): Promise<HeldRun> {
  const launcher = start(helperPath("launch"), ["--", ...command], 5);
  try {
    return await observeHeld(launcher, sources, options);
  } finally {
    launcher.process.kill("SIGKILL");
  }
}

async function observeHeld(launcher: Program, sources: string[], options: string[]): Promise<HeldRun> {
  const report = lineReader(launcher.process.stdio[4]);
  const pid = Number(/^held (\d+)$/.exec((await report()) ?? "")?.[1]);
  const output = rest(launcher);
  const before = readPidStat(pid);
  if (before === null) throw new Error("the held process is gone");
  const counting = await countFaults(pid);
  const running = new Map<string, RunningTool>();
  for (const source of sources) {
    running.set(source, await startTool("--via", source, "-p", String(pid), ...options));
  }
  writable(launcher, 3).write("g");
  const state = await report();
  if (state !== "running") throw new Error(`COMMAND does not run: ${state}`);
  const ended = /^ended (\d+) (\d+) (\d+) /.exec((await report()) ?? "");
  if (ended === null) throw new Error("COMMAND did not end");
  const [status = 0, minor = 0, major = 0] = ended.slice(1).map(Number);
  const tools = new Map<string, ToolRun>();
  for (const [source, tool] of running) tools.set(source, await tool.ended());
  const perf = await counting.stop();
  writable(launcher, 3).end();
  await launcher.end;
  const kernel = { minor: minor - before.minor, major: major - before.major };
  return { pid, status, perf, kernel, before, tools, output: await output };
}

/** Whether a program of Debian's is there; the reason to skip if not. */
export async function missing(...programs: string[]): Promise<string | null> {
  for (const program of programs) {
    const { failed } = await execa("sh", ["-c", 'command -v "$1"', "sh", program], { reject: false });
    if (failed) return `needs: ${program}`;
  }
  return null;
}
