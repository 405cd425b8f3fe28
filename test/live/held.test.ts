import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { before, test } from "node:test";
import type { SummaryRecord } from "../../lib/metric/record.ts";
import { workloadPath } from "../../lib/paths.ts";
import { make } from "../helpers-c/programs.ts";
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
