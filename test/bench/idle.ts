import { ROOT } from "../../lib/paths.ts";
import { withDescendants } from "../../lib/procfs/processes.ts";
import { start } from "../helpers-c/programs.ts";
import { cpuSeconds, pssOf } from "./usage.ts";

export interface IdleCost {
  /** From the start of the tool to its first row, seconds beyond the interval. */
  startSeconds: number;
  /** CPU time of the tool and all its children, as a share of one CPU. */
  cpuShare: number;
  /** Proportional set size of all of them together, bytes. */
  pss: number;
}

const WATCH_MS = 10_000;

/** pgfaultstat on a process that sleeps: what the tool itself costs. */
export async function idleCost(...options: string[]): Promise<IdleCost> {
  const sleeper = start("sleep", ["60"]);
  const began = performance.now();
  const argv = [
    "--import",
    "tsx",
    `${ROOT}/scripts/pgfaultstat.ts`,
    ...options,
    "-p",
    String(sleeper.pid),
    "1",
  ];
  const tool = start("node", argv);
  await tool.line();
  await tool.line();
  const startSeconds = (performance.now() - began) / 1000 - 1;
  const family = withDescendants([tool.pid]);
  const before = cpuSeconds(family);
  await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  const cpuShare = (cpuSeconds(family) - before) / (WATCH_MS / 1000);
  const pss = family.reduce((sum, pid) => sum + pssOf(pid), 0);
  tool.process.kill("SIGINT");
  tool.process.stdout?.resume();
  await tool.end;
  sleeper.process.kill("SIGKILL");
  return { startSeconds, cpuShare, pss };
}
