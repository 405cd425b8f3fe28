import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { before, test } from "node:test";
import { ROOT } from "../../lib/paths.ts";
import { make } from "../helpers-c/programs.ts";
import { swapDevices } from "../helpers-c/swap.ts";
import { CannotRun, section } from "./idle.ts";
import { figures, sampled, summaryOf, type ToolRun } from "./tool.ts";

const N = 1009;
const SOURCES = ["bpftrace", "counters", "perf"];
const nothing = { minor: 0, major: 0, failed: 0, untraced: 0, edge: 0, unexplained: 0, lost: 0 };

before(() => make());

const via = (sources: string[]): string[][] => sources.map((source) => ["--via", source]);

/** Every source says exactly these faults, and its samples add up to them. */
function assertFigures(tools: ToolRun[], pid: number, expected: typeof nothing): void {
  for (const tool of tools) {
    const summary = summaryOf(tool, pid);
    assert.deepEqual(figures(summary), expected, tool.start.source);
    assert.deepEqual(sampled(tool, pid), { minor: expected.minor, major: expected.major }, tool.start.source);
    assert.equal(summary.kernelMinor, expected.minor + expected.untraced, tool.start.source);
    assert.equal(summary.endedBy, "interrupt", tool.start.source);
    assert.equal(tool.status, 0, tool.start.source);
  }
}

for (const [mode, faults] of Object.entries({
  touch: { minor: N },
  read: { minor: N },
  cow: { minor: N },
  "cow-child": {},
  populate: { untraced: N },
  mlock: { untraced: N },
  vmwritev: { untraced: N },
  segv: { failed: N },
  sigbus: { failed: N },
})) {
  test(`attached to an idle process: known ${mode} is exact through every source`, async () => {
    const { pid, tools } = await section("known", [mode, String(N)], via(SOURCES));
    assertFigures(tools, pid, { ...nothing, ...faults });
  });
}

test("/proc counts a section exactly, what no event tells included", async () => {
  const { pid, tools } = await section("known", ["populate", String(N)], via(["proc"]));
  const [tool] = tools;
  assert.ok(tool);
  assert.deepEqual(figures(summaryOf(tool, pid)), { ...nothing, minor: N, failed: null });
});

test("a child's writes are the child's faults", async () => {
  const { child, tools } = await section("known", ["cow-child", String(N)], via(SOURCES), "child");
  assertFigures(tools, child, { ...nothing, minor: N });
});

test("a cold file gives one major fault a page, through every source", async (t) => {
  const directory = mkdtempSync(`${ROOT}/build/cold-`);
  try {
    const { pid, tools } = await section("known", ["cold", `${directory}/cold`, "211"], via(SOURCES));
    assertFigures(tools, pid, { ...nothing, major: 211 });
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    t.skip(`kernel: ${error.message}`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

for (const [name, setUp] of Object.entries(swapDevices)) {
  test(`pages that come back from ${name} are major faults, exactly`, async (t) => {
    try {
      await setUp(t);
    } catch (error) {
      return t.skip(`kernel: no ${name}: ${error instanceof Error ? error.message : error}`);
    }
    const { pid, tools } = await section("known", ["swap", "211"], via(SOURCES));
    assertFigures(tools, pid, { ...nothing, major: 211 });
  });
}

test("latency: a fault rate below the sampling's budget is timed whole, and the histogram holds every fault", async () => {
  const { pid, tools } = await section("known", ["touch", String(N)], [["-l"]]);
  const [tool] = tools;
  assert.ok(tool);
  const { latency, histogram, faultShare } = summaryOf(tool, pid);
  assert.ok(latency && histogram);
  assert.deepEqual([latency.minor.count, latency.major.count], [N, 0]);
  assert.equal(
    histogram.reduce((sum, bucket) => sum + bucket.minor, 0),
    N,
  );
  const { p50Ns, p90Ns, p99Ns, maxNs } = latency.minor;
  assert.ok(p50Ns && p90Ns && p99Ns && maxNs);
  assert.ok(p50Ns > 50 && p50Ns <= p90Ns && p90Ns <= p99Ns && p99Ns <= maxNs, JSON.stringify(latency.minor));
  assert.deepEqual(latency.major, { count: 0, p50Ns: null, p90Ns: null, p99Ns: null, maxNs: null });
  assert.ok(faultShare === null || (faultShare !== undefined && faultShare > 0 && faultShare <= 1));
});

test("latency: failed faults are no fault that takes long", async () => {
  const { pid, tools } = await section("known", ["segv", String(N)], [["-l"]]);
  const [tool] = tools;
  assert.ok(tool);
  const summary = summaryOf(tool, pid);
  assert.deepEqual(figures(summary), { ...nothing, failed: N });
  assert.equal(summary.latency?.minor.count, 0);
});

for (const [mode, types] of Object.entries({
  touch: { write: N, user: N },
  read: { write: N, kernel: N },
  cow: { copyOnWrite: N, user: N },
  segv: { user: N },
})) {
  test(`types: known ${mode} is told by its accesses`, async (t) => {
    if (process.arch !== "x64") return t.skip("kernel: the error code is x86's");
    const { pid, tools } = await section("known", [mode, String(N)], [["--types"]]);
    const [tool] = tools;
    assert.ok(tool);
    const said = summaryOf(tool, pid).types;
    assert.ok(said);
    for (const [kind, n] of Object.entries(types)) assert.equal(Reflect.get(said, kind), n, kind);
    assert.equal(said.read + said.write + said.execute + said.copyOnWrite, said.user + said.kernel);
  });
}

test("-t: each thread has rows of its own, and together they are the process", async () => {
  const { pid, tools } = await section("threads", ["7", "211"], [["-t", "0.2"]]);
  const [tool] = tools;
  assert.ok(tool);
  assert.deepEqual(figures(summaryOf(tool, pid)), { ...nothing, minor: 7 * 211 });
  const byThread = new Map<number, number>();
  for (const { tid = 0, minor } of tool.samples) byThread.set(tid, (byThread.get(tid) ?? 0) + minor);
  assert.deepEqual(
    [...byThread.values()].sort(),
    Array.from({ length: 7 }, () => 211),
  );
});

test("threads that are born while a process is traced count, through every source", async () => {
  const { pid, tools } = await section("threads", ["7", "211"], via(SOURCES));
  assertFigures(tools, pid, { ...nothing, minor: 7 * 211 });
});

test("-f: every child has books of its own, exact although it is gone", async () => {
  const [children, pages] = [11, 101];
  const { pid, tools, said } = await section("forks", [String(children), String(pages)], [["-f"]]);
  const [tool] = tools;
  assert.ok(tool);
  const own = summaryOf(tool, pid);
  assert.deepEqual([own.edge, own.unexplained, own.lost, own.failed], [0, 0, 0, 0]);
  const forked = tool.summaries.filter((summary) => summary.pid !== pid);
  assert.equal(forked.length, children);
  for (const child of forked) {
    assert.ok(child.minor >= pages, String(child.minor));
    assert.equal(
      child.minor + child.major + Number(child.untraced),
      Number(child.kernelMinor) + Number(child.kernelMajor),
    );
    assert.deepEqual([child.edge, child.unexplained, child.failed], [0, 0, 0]);
    assert.equal(child.exited, true);
    assert.equal(child.comm, "forks");
  }
  const total = forked.reduce((sum, child) => sum + child.minor + Number(child.untraced), 0);
  assert.deepEqual(said.childrenTotal, { minor: total, major: 0 });
});
