import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { before, test } from "node:test";
import { workloadPath } from "../../lib/paths.ts";
import { make, rest, start, writable } from "../helpers-c/programs.ts";
import { cgroup1, cgroup2, makeCgroup } from "./cgroups.ts";
import { startTool, summaryOf } from "./tool.ts";

const N = 1009;

before(() => make());

/** Two idle workloads, one in the cgroup and one below it, traced by -g while they take their faults. */
async function assertMembers(directory: string): Promise<void> {
  const programs = [directory, `${directory}/below`].map((each) => {
    const program = start(workloadPath("known"), ["-w", "touch", String(N)]);
    writeFileSync(`${each}/cgroup.procs`, String(program.pid));
    return program;
  });
  const outside = start(workloadPath("known"), ["-w", "touch", String(N)]);
  const everyone = [...programs, outside];
  try {
    for (const program of everyone) await program.line();
    const tool = await startTool("-g", directory, "0.5");
    for (const program of everyone) writable(program, 0).write("x");
    for (const program of everyone) await program.line();
    const run = await tool.stop();
    for (const program of everyone) writable(program, 0).write("x");
    for (const program of everyone) await rest(program);
    for (const { pid } of programs) {
      const { minor, untraced, failed, edge, unexplained } = summaryOf(run, pid);
      assert.deepEqual(
        { minor, untraced, failed, edge, unexplained },
        { minor: N, untraced: 0, failed: 0, edge: 0, unexplained: 0 },
      );
    }
    assert.deepEqual(
      run.summaries.map((summary) => summary.pid).sort(),
      programs.map((program) => program.pid).sort(),
    );
  } finally {
    for (const program of everyone) program.process.kill("SIGKILL");
    for (const program of everyone) await program.end;
  }
}

test("-g with a cgroup v2 counts its processes and those below it, exactly, and nobody else", async (t) => {
  let parent: string;
  try {
    parent = await cgroup2(t);
  } catch (error) {
    return t.skip(`kernel: no cgroup v2: ${error instanceof Error ? error.message : error}`);
  }
  await assertMembers(await makeCgroup(t, parent));
});

test("-g with a cgroup v1 counts its processes and those below it, exactly, and nobody else", async (t) => {
  const parent = cgroup1();
  if (parent === null) return t.skip("kernel: no cgroup v1 memory controller");
  await assertMembers(await makeCgroup(t, parent));
});

test("-a counts every process, the busy ones too, and their books balance within their edges", async () => {
  const tool = await startTool("-a", "0.5");
  const { pid, line, end } = start(workloadPath("known"), ["touch", String(N)]);
  await line();
  await end;
  const run = await tool.stop();
  const born = summaryOf(run, pid);
  assert.deepEqual([born.exited, born.edge, born.unexplained, born.failed], [true, 0, 0, 0]);
  assert.ok(born.minor > N);
  assert.equal(
    born.minor + born.major + Number(born.untraced),
    Number(born.kernelMinor) + Number(born.kernelMajor),
  );
  const unbalanced = run.summaries.filter(
    (summary) => summary.unexplained !== null && summary.unexplained > 0,
  );
  assert.deepEqual(unbalanced, []);
  assert.equal(run.status, 0);
});
