import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, type TestContext, test } from "node:test";
import { EXIT, UserError } from "../../lib/cli/error.ts";
import { workloadPath } from "../../lib/paths.ts";
import { attachPerfScript } from "../../lib/source/perf-script/attach.ts";
import { perfIsMissing } from "../helpers-c/perf.ts";
import { make } from "../helpers-c/programs.ts";
import { field } from "../helpers-c/section.ts";
import { of } from "../source/faultrec/recording.ts";
import { CannotRun, type Options, recordHeld, recordSection, type Seen } from "./faultrec.ts";
import { missing } from "./held.ts";

const N = 1009;

let noPerf: string | null;
before(async () => {
  await make();
  noPerf = await perfIsMissing();
});

/** What perf record and perf script tell, or a skip where this machine cannot have it. */
async function section(
  t: TestContext,
  [workload = "", ...args]: string[],
  options: Options = {},
): Promise<Seen | null> {
  if (noPerf) {
    t.skip(noPerf);
    return null;
  }
  try {
    return await recordSection(workload, args, { ...options, attach: attachPerfScript });
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    t.skip(`kernel: ${error.message}`);
    return null;
  }
}

/** Nothing was lost, all came in order, and perf stat counted the same. */
function assertAgrees(seen: Seen): void {
  const { minor, major } = seen.end;
  assert.deepEqual([minor.told, minor.lost], [seen.minor, 0]);
  assert.deepEqual([major.told, major.lost], [seen.major, 0]);
  assert.equal(seen.outOfOrder, 0);
  assert.deepEqual(of(seen.events, "damaged"), []);
  assert.deepEqual(
    [seen.minor + minor.foreign, seen.major + major.foreign],
    [seen.perf.minor, seen.perf.major],
  );
}

for (const [mode, minor] of Object.entries({ touch: N, read: N, cow: N, populate: 0, segv: 0 })) {
  test(`known ${mode} ${N}: ${minor} minor faults, each page once`, async (t) => {
    const seen = await section(t, ["known", mode, String(N)]);
    if (seen === null) return;
    assertAgrees(seen);
    assert.deepEqual([seen.minor, seen.major, seen.pages.size], [minor, 0, minor]);
  });
}

test("known cold: as many major faults as pages, each page once", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "perf-script-"));
  try {
    const file = join(directory, "cold");
    writeFileSync(file, Buffer.alloc(N * 4096, 1));
    const seen = await section(t, ["known", "cold", file, String(N)]);
    if (seen === null) return;
    assertAgrees(seen);
    assert.deepEqual([seen.minor, seen.major, seen.pages.size], [0, N, N]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("threads that begin and end while it records are told by their own tid", async (t) => {
  const seen = await section(t, ["threads", "7", "101"]);
  if (seen === null) return;
  assertAgrees(seen);
  const forked = of(seen.events, "fork");
  assert.ok(forked.every(({ pid, parentPid }) => pid === seen.pid && parentPid === pid));
  assert.deepEqual(seen.byTid, new Map(forked.map(({ tid }) => [tid, 101])));
  assert.equal(of(seen.events, "exit").length, 7);
});

test("children are left out, their forks told; perf counts them", async (t) => {
  const seen = await section(t, ["forks", "5", "7"]);
  if (seen === null) return;
  assertAgrees(seen);
  assert.deepEqual([...seen.byPid.keys()], [seen.pid]);
  assert.equal(seen.minor, Number(field(field(seen.said, "own"), "minor")));
  assert.ok(seen.end.minor.foreign >= 5 * 7);
  assert.equal(of(seen.events, "fork").filter(({ parentPid }) => parentPid === seen.pid).length, 5);
});

test("-f: children are recorded from their first fault to their last", async (t) => {
  const seen = await section(t, ["forks", "5", "7"], { follow: true });
  if (seen === null) return;
  assertAgrees(seen);
  assert.equal(seen.byPid.size, 6);
  assert.deepEqual(
    [seen.minor, seen.byPid.get(seen.pid)],
    [field(seen.said, "minor"), field(field(seen.said, "own"), "minor")],
  );
});

test("a held command is recorded through its exec to its end, which ends the recorder", async (t) => {
  if (noPerf) return t.skip(noPerf);
  const seen = await recordHeld([workloadPath("known"), "touch", String(N)], { attach: attachPerfScript });
  assertAgrees(seen);
  assert.ok(seen.minor >= N);
  const names = of(seen.events, "comm").map(({ comm, exec }) => [comm, exec]);
  assert.deepEqual(names, [["known", true]]);
  assert.ok(of(seen.events, "mmap").some(({ path }) => path === workloadPath("known")));
});

test("a held python3: what perf stat counts, to the last fault", async (t) => {
  const reason = noPerf ?? (await missing("/usr/bin/python3"));
  if (reason) return t.skip(reason);
  const argv = ["/usr/bin/python3", "-c", "import json; x = bytearray(80_000_000)"];
  assertAgrees(await recordHeld(argv, { attach: attachPerfScript }));
});

test("400,000 faults as fast as a program can: none lost", async (t) => {
  const seen = await section(t, ["walk", "100000", "4"]);
  if (seen === null) return;
  assertAgrees(seen);
  assert.equal(seen.minor, 400_000);
});

test("a pid that nobody has is refused in one line", async (t) => {
  if (noPerf) return t.skip(noPerf);
  const sink = { faults: () => undefined, event: () => undefined };
  await assert.rejects(
    attachPerfScript({ scope: { kind: "pids", pids: [4_000_000], follow: false } }, sink),
    new UserError("perf record: no such process", EXIT.failed),
  );
});
