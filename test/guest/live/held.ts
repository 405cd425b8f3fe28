import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { workloadPath } from "../../../lib/paths.ts";
import { readPidStat } from "../../../lib/procfs/pid-stat.ts";
import { lineReader } from "../../helpers-c/programs.ts";

const NUMA_BALANCING = "/proc/sys/kernel/numa_balancing";

export interface Counts {
  minor: number;
  major: number;
}

/** A known workload that waits before its section, and again after it. */
export interface Held {
  pid: number;
  /** Runs the section; what the kernel counted for it in /proc meanwhile. */
  runSection(): Promise<Counts>;
  /** Lets it end; fails where the workload itself saw other faults than it should take. */
  finish(): Promise<void>;
  /** Ends one that would wait for ever because its test has failed. */
  kill(): void;
}

/** Starts `known -w ARGS` and waits until all is prepared for its section. */
export async function hold(...args: string[]): Promise<Held> {
  // hint faults are faults too, at times of the scheduler's choosing
  if (existsSync(NUMA_BALANCING)) writeFileSync(NUMA_BALANCING, "0");
  const program = execa(workloadPath("known"), ["-w", ...args], { buffer: false, reject: false });
  const line = lineReader(program.stdout);
  const ready = await line();
  assert.match(ready ?? "", /"state":"ready"/, `known ${args.join(" ")} is ready`);
  const { pid } = program;
  assert.ok(pid);
  return {
    pid,
    async runSection() {
      const before = countersOf(pid);
      program.stdin.write("x");
      assert.equal(await line(), '{"state":"done"}');
      const after = countersOf(pid);
      return { minor: after.minor - before.minor, major: after.major - before.major };
    },
    async finish() {
      program.stdin.write("x");
      const { exitCode, shortMessage } = await program;
      assert.equal(exitCode, 0, shortMessage);
    },
    kill: () => void program.kill("SIGKILL"),
  };
}

function countersOf(pid: number): Counts {
  const stat = readPidStat(pid);
  assert.ok(stat, `process ${pid} has gone`);
  return stat;
}
