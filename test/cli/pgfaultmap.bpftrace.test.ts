import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { before, type TestContext, test } from "node:test";
import { execa } from "execa";
import { capability } from "../../lib/kernel/capabilities.ts";
import type { MapRecord, MapSummaryRecord, RegionRecord } from "../../lib/metric/map-record.ts";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import { make, type Program, rest, start, until } from "../helpers-c/programs.ts";
import { childrenOf, isGone } from "./tool.ts";

const TOOL = ["--import", "tsx", `${ROOT}/scripts/pgfaultmap.ts`];

let noBpftrace: string | null;
before(async () => {
  await make();
  const { status, detail } = await capability("software-events");
  noBpftrace = status === "ok" ? null : `needs: bpftrace that attaches (${detail})`;
});

function needsBpftrace(t: TestContext): boolean {
  if (noBpftrace !== null) t.skip(noBpftrace);
  return noBpftrace === null;
}

interface Counting {
  tool: Program;
  target: Program;
  bpftrace: number;
}

/** pgfaultmap --via bpftrace on a program that runs on and on. */
async function counting(use: (running: Counting) => Promise<void>): Promise<void> {
  const target = start(workloadPath("walks"), ["-p", "1000", "thrash", "10007"]);
  target.process.stdout?.resume();
  const tool = start("node", [...TOOL, "-j", "--via", "bpftrace", "-p", String(target.pid)]);
  try {
    assert.match((await tool.line()) ?? "", /"type":"start".*"source":"bpftrace"/);
    const [bpftrace, ...more] = childrenOf(tool.pid).filter((pid) => readPidStat(pid)?.comm === "bpftrace");
    assert.ok(bpftrace);
    assert.deepEqual(more, []);
    await use({ tool, target, bpftrace });
  } finally {
    target.process.kill("SIGKILL");
    tool.process.kill("SIGKILL");
  }
}

interface Ended {
  code: number | null;
  stderr: string;
  regions: RegionRecord[];
  summary: MapSummaryRecord;
}

/** What the tool says until its end. */
async function endOf(tool: Program): Promise<Ended> {
  const records = (await rest(tool)).map((line): MapRecord => JSON.parse(line));
  const { code, stderr } = await tool.end;
  const regions = records.filter((record) => record.type === "region");
  const summary = records.find((record) => record.type === "summary");
  assert.ok(summary);
  return { code, stderr, regions, summary };
}

const seconds = (s: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000 * s));

test("--via bpftrace: Ctrl-C ends bpftrace, shows what was counted, and is no failure", async (t) => {
  if (!needsBpftrace(t)) return;
  await counting(async ({ tool, target, bpftrace }) => {
    await seconds(1);
    tool.process.kill("SIGINT");
    const { code, summary, regions } = await endOf(tool);
    assert.deepEqual([code, summary.endedBy, summary.lost], [0, "interrupt", 0]);
    assert.ok(regions.some(({ pages, refaults }) => pages >= 10007 && refaults > 0));
    assert.ok(isGone(bpftrace));
    assert.equal(target.process.exitCode, null, "the target goes on");
  });
});

test("--via bpftrace: kill -9 of the tool ends bpftrace", async (t) => {
  if (!needsBpftrace(t)) return;
  await counting(async ({ tool, bpftrace }) => {
    tool.process.kill("SIGKILL");
    await until("it is gone", () => isGone(bpftrace));
  });
});

test("bpftrace is killed: one line, what was counted until then is shown, status 1", async (t) => {
  if (!needsBpftrace(t)) return;
  await counting(async ({ tool, bpftrace }) => {
    await seconds(2);
    process.kill(bpftrace, "SIGKILL");
    const { code, stderr, summary, regions } = await endOf(tool);
    assert.equal(code, 1);
    assert.equal(stderr.trim().split("\n").at(-1), "pgfaultmap: bpftrace ended: killed by SIGKILL");
    const { endedBy, lost, failed, untraced } = summary;
    assert.deepEqual(
      { endedBy, lost, failed, untraced },
      {
        ...{ endedBy: "failure", lost: null, failed: null, untraced: null },
      },
    );
    assert.ok(regions.some(({ pages }) => pages >= 10007));
  });
});

test("--via bpftrace: the target ends, what it did is shown", async (t) => {
  if (!needsBpftrace(t)) return;
  await counting(async ({ tool, target }) => {
    await seconds(1);
    target.process.kill("SIGKILL");
    const { code, summary, regions } = await endOf(tool);
    assert.deepEqual([code, summary.endedBy, summary.lost], [0, "exit", 0]);
    assert.ok(regions.some(({ pages }) => pages >= 10007));
  });
});

test("--via bpftrace: the status is COMMAND's, and npm passes it on", async (t) => {
  if (!needsBpftrace(t)) return;
  const argv = ["-s", "run", "pgfaultmap", "--", "--via", "bpftrace", "--", "sh", "-c", "exit 7"];
  const { exitCode, stdout } = await execa("npm", argv, { cwd: ROOT, reject: false });
  assert.equal(exitCode, 7);
  assert.match(stdout, /the books balance exactly/);
});

for (const [name, args] of Object.entries({
  "-l": ["-l"],
  "--types": ["--types"],
  "-s": ["-s", "/nowhere/out.folded"],
  "-P": ["-P"],
  "-o": ["-o", "/nowhere/recording"],
})) {
  test(`--via bpftrace ${name}: refused in one line, and nothing is made`, async () => {
    const argv = [...TOOL, "--via", "bpftrace", ...args, "--", "true"];
    const { exitCode, stderr } = await execa("node", argv, { reject: false });
    const why = `${name} needs what faultrec tells: it cannot be combined with --via bpftrace`;
    assert.deepEqual([exitCode, stderr], [2, `pgfaultmap: ${why}`]);
  });
}

test("a program whose name holds a line of the script is a name, and forges nothing", async (t) => {
  if (!needsBpftrace(t)) return;
  const folder = mkdtempSync(`${ROOT}/build/named-`);
  t.after(() => rmSync(folder, { recursive: true }));
  const program = `${folder}/a\n@minor: 9`;
  copyFileSync("/bin/true", program);
  const { stdout } = await execa("node", [...TOOL, "-j", "--via", "bpftrace", "--", program]);
  const [summary, ...others] = stdout
    .split("\n")
    .map((line): MapRecord => JSON.parse(line))
    .filter((record) => record.type === "summary");
  assert.deepEqual(others, []);
  assert.deepEqual(
    [summary?.comm, summary?.lost, summary?.unexplained, summary?.edge],
    ["a\n@minor: 9", 0, 0, 0],
  );
});
