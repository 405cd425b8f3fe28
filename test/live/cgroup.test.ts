import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { before, type TestContext, test } from "node:test";
import { execa } from "execa";
import { workloadPath } from "../../lib/paths.ts";
import { make, rest, start, until, writable } from "../helpers-c/programs.ts";
import { startTool, summaryOf } from "./tool.ts";

const N = 1009;

before(() => make());

/** Where cgroup v2 is, mounted for the test where it is not; throws where the kernel has none. */
async function cgroup2(t: TestContext): Promise<string> {
  for (const directory of ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]) {
    if (existsSync(`${directory}/cgroup.controllers`)) return directory;
  }
  const directory = mkdtempSync(`${tmpdir()}/pgfaultstat-cgroup2-`);
  await execa("mount", ["-t", "cgroup2", "none", directory]);
  t.after(async () => {
    await execa("umount", [directory]);
    rmdirSync(directory);
  });
  return directory;
}

/** A cgroup of the test's own, with a sub-cgroup; both are removed when they are empty. */
async function makeCgroup(t: TestContext, parent: string): Promise<string> {
  const directory = `${parent}/pgfaultstat-test-${process.pid}`;
  mkdirSync(`${directory}/below`, { recursive: true });
  t.after(async () => {
    const removed = (): boolean => {
      try {
        if (existsSync(`${directory}/below`)) rmdirSync(`${directory}/below`);
        rmdirSync(directory);
        return true;
      } catch {
        return false; // a process that was killed has not left it yet
      }
    };
    await until("the cgroup can be removed", removed);
  });
  return directory;
}

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
  const parent = "/sys/fs/cgroup/memory";
  if (!existsSync(`${parent}/cgroup.procs`)) return t.skip("kernel: no cgroup v1 memory controller");
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
