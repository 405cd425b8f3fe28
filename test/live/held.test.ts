import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { before, test } from "node:test";
import type { SummaryRecord } from "../../lib/metric/record.ts";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { memoryCgroup } from "../helpers-c/cgroup.ts";
import { make } from "../helpers-c/programs.ts";
import { swapDevices } from "../helpers-c/swap.ts";
import { type HeldRun, missing, observe } from "./held.ts";
import { sampled, summaryOf } from "./tool.ts";

const ALL = ["bpftrace", "counters", "perf", "proc"];
const N = 1009;

before(() => make());

/** Every source's books balance exactly, and with what perf stat and the kernel counted themselves. */
function assertExact(run: HeldRun): void {
  const untraced = run.kernel.minor + run.kernel.major - run.perf.minor - run.perf.major;
  const failed = run.perf.entries - run.perf.minor - run.perf.major;
  for (const [source, tool] of run.tools) {
    const summary = summaryOf(tool, run.pid);
    const said = {
      minor: summary.minor,
      major: summary.major,
      failed: summary.failed,
      untraced: summary.untraced,
    };
    // /proc itself counts what no event tells, and nothing that failed
    const expected =
      source === "proc"
        ? { minor: run.kernel.minor, major: run.kernel.major, failed: null, untraced: 0 }
        : { minor: run.perf.minor, major: run.perf.major, failed, untraced };
    assert.deepEqual(said, expected, source);
    assert.deepEqual(
      [summary.kernelMinor, summary.kernelMajor],
      [run.kernel.minor, run.kernel.major],
      source,
    );
    assert.deepEqual([summary.edge, summary.unexplained, summary.lost], [0, 0, 0], source);
    assert.deepEqual(sampled(tool, run.pid), { minor: summary.minor, major: summary.major }, source);
    assert.equal(summary.endedBy, "exit", source);
    assert.equal(tool.status, 0, source);
  }
}

for (const [mode, kind] of Object.entries({
  touch: "minor",
  read: "minor",
  populate: "untraced",
  mlock: "untraced",
  vmwritev: "untraced",
  segv: "failed",
  sigbus: "failed",
})) {
  test(`held known ${mode}: every source agrees with perf stat and the kernel to the last fault`, async () => {
    const run = await observe([workloadPath("known"), mode, String(N)], ALL);
    assertExact(run);
    const { perf, kernel } = run;
    const found: Record<string, number> = {
      minor: perf.minor,
      untraced: kernel.minor + kernel.major - perf.minor - perf.major,
      failed: perf.entries - perf.minor - perf.major,
    };
    assert.ok((found[kind] ?? 0) >= N, `${kind}: ${found[kind]}`);
  });
}

test("held known cold: major faults agree through every source to the last one", async (t) => {
  const directory = mkdtempSync(`${ROOT}/build/cold-`);
  try {
    const run = await observe([workloadPath("known"), "cold", `${directory}/cold`, "211"], ALL);
    if (run.status !== 0) return t.skip("kernel: the file system gives no major faults");
    assertExact(run);
    assert.ok(run.perf.major >= 211, String(run.perf.major));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("held known swap, in a memory cgroup of its own: major faults agree through every source", async (t) => {
  const directory = memoryCgroup(t);
  if (directory === null) return t.skip("kernel: no memory cgroup can be made here");
  try {
    await swapDevices.zram?.(t);
  } catch (error) {
    return t.skip(`kernel: no zram: ${error instanceof Error ? error.message : error}`);
  }
  const run = await observe([workloadPath("known"), "-g", directory, "swap", "211"], ALL);
  assert.equal(run.status, 0, run.output.join());
  assertExact(run);
  assert.ok(run.perf.major >= 211, String(run.perf.major));
});

/** perf stat counts the child of these too, so only the sources that leave it out can be compared. */
for (const mode of ["cow", "cow-child"]) {
  test(`held known ${mode}: a child's faults are not the command's, and the books balance exactly`, async () => {
    const run = await observe([workloadPath("known"), mode, String(N)], ["bpftrace", "counters"]);
    const figures = [...run.tools.values()].map((tool) => {
      const { minor, major, failed, untraced, edge, unexplained, lost } = summaryOf(tool, run.pid);
      assert.equal(minor + major + Number(untraced), run.kernel.minor + run.kernel.major);
      assert.deepEqual({ failed, edge, unexplained, lost }, { failed: 0, edge: 0, unexplained: 0, lost: 0 });
      return { minor, major };
    });
    assert.deepEqual(figures[0], figures[1]);
    assert.ok(run.perf.minor > (figures[0]?.minor ?? 0), "perf stat has the child's on top");
  });
}

test("getrusage, which a launched command asks of itself, is what every source counts up to then", async () => {
  // the very last thing that the program does: what follows is its exit
  const script =
    "import os, resource; r = resource.getrusage(resource.RUSAGE_SELF); os.write(1, b'%d %d\\n' % (r.ru_minflt, r.ru_majflt)); os._exit(0)";
  const run = await observe(["/usr/bin/python3", "-c", script], ALL);
  assertExact(run);
  const [minor = Number.NaN, major = Number.NaN] = run.output.join().split(" ").map(Number);
  // its last code may have left the page cache: then it faults major
  const after = [run.before.minor + run.kernel.minor - minor, run.before.major + run.kernel.major - major];
  for (const faults of after) assert.ok(faults >= 0 && faults < 64, `${after} faults after getrusage`);
});

test("held python3: every source agrees with perf stat and the kernel", async (t) => {
  const reason = await missing("/usr/bin/python3");
  if (reason) return t.skip(reason);
  const script =
    "import json; x = [bytearray(4096) for _ in range(20011)]; print(len(json.dumps(list(range(9973)))))";
  assertExact(await observe(["/usr/bin/python3", "-c", script], ALL));
});

test("held node, with its many threads: every source agrees with perf stat and the kernel", async () => {
  const script =
    "const b = Buffer.alloc(64 << 20, 1); const o = {}; for (let i = 0; i < 1e5; i++) o[i] = [i];";
  const run = await observe([process.execPath, "-e", script], ALL);
  assertExact(run);
});

test("held sqlite3: every source agrees with perf stat and the kernel", async (t) => {
  const reason = await missing("sqlite3");
  if (reason) return t.skip(reason);
  const sql =
    "create table t(x); with recursive c(n) as (select 1 union all select n + 1 from c where n < 200003) insert into t select n from c; select sum(x) from t;";
  assertExact(await observe(["sqlite3", ":memory:", sql], ALL));
});

test("held gcc with -f: its children have books of their own, and together are what perf stat counts", async () => {
  const directory = mkdtempSync(`${tmpdir()}/pgfaultstat-`);
  try {
    writeFileSync(`${directory}/a.c`, '#include <stdio.h>\nint main(void) { return puts("a") < 0; }\n');
    const run = await observe(
      ["gcc", "-O2", "-o", `${directory}/a`, `${directory}/a.c`],
      ["bpftrace"],
      ["-f"],
    );
    const tool = run.tools.get("bpftrace");
    assert.ok(tool);
    const names = tool.summaries.map((summary) => summary.comm).sort();
    assert.deepEqual(names, ["as", "cc1", "collect2", "gcc", "ld"]);
    for (const summary of tool.summaries) {
      const { minor, major, untraced, failed, kernelMinor, kernelMajor, edge, unexplained, lost } = summary;
      const kernel = Number(kernelMinor) + Number(kernelMajor);
      assert.equal(minor + major + Number(untraced), kernel, summary.comm);
      assert.deepEqual(
        { failed, edge, unexplained, lost },
        { failed: 0, edge: 0, unexplained: 0, lost: 0 },
        summary.comm,
      );
    }
    const sum = (value: (s: SummaryRecord) => number): number =>
      tool.summaries.reduce((total, summary) => total + value(summary), 0);
    assert.deepEqual([sum((s) => s.minor), sum((s) => s.major)], [run.perf.minor, run.perf.major]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
