import assert from "node:assert/strict";
import { before, type TestContext, test } from "node:test";
import { execa } from "execa";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import { perfIsMissing } from "../helpers-c/perf.ts";
import { make, type Program, rest, start, until } from "../helpers-c/programs.ts";
import { childrenOf, isGone } from "./tool.ts";

const TOOL = ["--import", "tsx", `${ROOT}/scripts/pgfaultmap.ts`];

let noPerf: string | null;
before(async () => {
  await make();
  noPerf = await perfIsMissing();
});

interface Recording {
  tool: Program;
  target: Program;
  /** perf record and perf script. */
  perfs: number[];
}

/** pgfaultmap --via perf on a program that runs on and on. */
async function recording(use: (running: Recording) => Promise<void>): Promise<void> {
  const target = start(workloadPath("walk"), ["1009", "1000000"]);
  target.process.stdout?.resume();
  const tool = start("node", [...TOOL, "-j", "--via", "perf", "-p", String(target.pid)]);
  try {
    assert.match((await tool.line()) ?? "", /"type":"start".*"source":"perf"/);
    const perfs = childrenOf(tool.pid).filter((pid) => readPidStat(pid)?.comm === "perf");
    assert.equal(perfs.length, 2, "perf record and perf script run");
    await use({ tool, target, perfs });
    assert.equal(target.process.exitCode, null, "the target goes on");
  } finally {
    target.process.kill("SIGKILL");
    tool.process.kill("SIGKILL");
  }
}

function needsPerf(t: TestContext): boolean {
  if (noPerf !== null) t.skip(noPerf);
  return noPerf === null;
}

test("--via perf: Ctrl-C ends both perfs, shows the recording, and is no failure", async (t) => {
  if (!needsPerf(t)) return;
  await recording(async ({ tool, perfs }) => {
    tool.process.kill("SIGINT");
    const lines = await rest(tool);
    assert.match(lines.at(-1) ?? "", /"type":"summary".*"lost":0.*"endedBy":"interrupt"/);
    assert.equal((await tool.end).code, 0);
    assert.ok(perfs.every(isGone));
  });
});

test("--via perf: kill -9 of the tool ends both perfs", async (t) => {
  if (!needsPerf(t)) return;
  await recording(async ({ tool, perfs }) => {
    tool.process.kill("SIGKILL");
    await until("they are gone", () => perfs.every(isGone));
  });
});

for (const [index, name] of ["perf record", "perf script"].entries()) {
  test(`${name} is killed: one line, what was recorded is shown, status 1`, async (t) => {
    if (!needsPerf(t)) return;
    await recording(async ({ tool, perfs }) => {
      const [first = 0, second = 0] = perfs.toSorted((a, b) => a - b);
      process.kill([first, second][index] ?? 0, "SIGKILL");
      const lines = await rest(tool);
      const { code, stderr } = await tool.end;
      assert.equal(code, 1);
      assert.equal(stderr, `pgfaultmap: ${name} ended: killed by SIGKILL\n`);
      const summary = JSON.parse(lines.at(-1) ?? "null");
      assert.deepEqual([summary.type, summary.endedBy, summary.lost], ["summary", "failure", null]);
      assert.ok(perfs.every(isGone));
    });
  });
}

test("--via perf with what only faultrec can: refused", async () => {
  const { exitCode, stderr } = await execa("node", [...TOOL, "--via", "perf", "-l", "--", "true"], {
    reject: false,
  });
  assert.deepEqual(
    [exitCode, stderr],
    [2, "pgfaultmap: -l needs what faultrec tells: it cannot be combined with --via perf"],
  );
});
