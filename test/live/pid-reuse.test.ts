import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { before, test } from "node:test";
import { workloadPath } from "../../lib/paths.ts";
import { make, type Program, start } from "../helpers-c/programs.ts";
import { startTool, summaryOf } from "./tool.ts";

/** The pid that the kernel gave last: the next is one more. */
const LAST_PID = "/proc/sys/kernel/ns_last_pid";
const ATTEMPTS = 200;

before(() => make("known"));

/** A process with just this pid, as soon as nobody else takes it. */
async function reuse(pid: number): Promise<Program> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    writeFileSync(LAST_PID, String(pid - 1));
    const program = start(workloadPath("known"), ["-w", "touch", "1009"]);
    if (program.pid === pid) return program;
    program.process.kill("SIGKILL");
    await program.end;
  }
  throw new Error(`pid ${pid} could not be had in ${ATTEMPTS} attempts`);
}

for (const via of ["bpftrace", "counters", "proc"]) {
  test(`a pid that is given to another process ends the measurement: its faults are not the target's (${via})`, async (t) => {
    if (!existsSync(LAST_PID)) return t.skip("kernel: no ns_last_pid (CONFIG_CHECKPOINT_RESTORE)");
    const target = start("sleep", ["60"]);
    const tool = await startTool("--via", via, "-p", String(target.pid), "0.2");
    target.process.kill("SIGKILL");
    await target.end;
    const other = await reuse(target.pid);
    try {
      const run = await tool.ended();
      const { comm, minor, unexplained, endedBy, exited } = summaryOf(run, target.pid);
      assert.deepEqual({ comm, endedBy, status: run.status }, { comm: "sleep", endedBy: "exit", status: 0 });
      // bpftrace filters by pid alone: what it counted until the end was noticed is not passed off as explained
      assert.ok(minor === 0 || Number(unexplained) >= minor, `${minor} faults, ${unexplained} unexplained`);
      assert.equal(exited, true);
    } finally {
      other.process.kill("SIGKILL");
      await other.end;
    }
  });
}
