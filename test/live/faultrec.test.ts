import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { UserError } from "../../lib/cli/error.ts";
import { workloadPath } from "../../lib/paths.ts";
import { isDead, readPidStat } from "../../lib/procfs/pid-stat.ts";
import { attachRecorder } from "../../lib/source/faultrec/attach.ts";
import { make, start, until } from "../helpers-c/programs.ts";
import { field } from "../helpers-c/section.ts";
import { of } from "../source/faultrec/recording.ts";
import { CannotRun, listen, recordHeld, recordSection, type Seen, type Tale } from "./faultrec.ts";
import { missing } from "./held.ts";

const N = 1009;

before(() => make());

/** Nothing was lost, the kernel's own counts are reached, and everything came in order. */
function assertWhole(tale: Tale): void {
  const { minor, major, lostOthers } = tale.end;
  assert.deepEqual([minor.told, major.told], [tale.minor, tale.major]);
  assert.deepEqual([minor.counted - minor.foreign, major.counted - major.foreign], [tale.minor, tale.major]);
  assert.deepEqual([minor.lost, major.lost, lostOthers], [0, 0, 0]);
  assert.deepEqual([minor.refused, major.refused].filter(Boolean), []);
  assert.equal(tale.outOfOrder, 0);
  assert.equal(tale.ready.unsure, 0);
}

/** And perf stat counted the same. */
function assertAgrees(seen: Seen): void {
  assertWhole(seen);
  assert.deepEqual([seen.minor, seen.major], [seen.perf.minor, seen.perf.major]);
}

for (const [mode, minor] of Object.entries({
  touch: N,
  read: N,
  cow: N,
  "cow-child": 0,
  populate: 0,
  mlock: 0,
  segv: 0,
})) {
  test(`known ${mode} ${N}, idle at both edges: ${minor} minor faults, each page once`, async () => {
    const seen = await recordSection("known", [mode, String(N)]);
    assertAgrees(seen);
    assert.deepEqual([seen.minor, seen.major, seen.pages.size], [minor, 0, minor]);
  });
}

test("known cow-child, the child recorded: its writes, each page once", async () => {
  const seen = await recordSection("known", ["cow-child", String(N)], {}, "child");
  assertAgrees(seen);
  assert.equal(seen.minor, N);
  assert.deepEqual([...seen.byPid.keys()], [seen.child]);
});

test("known cold: as many major faults as pages, each page once", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "faultrec-"));
  try {
    const file = join(directory, "cold");
    writeFileSync(file, Buffer.alloc(N * 4096, 1));
    const seen = await recordSection("known", ["cold", file, String(N)]);
    assertAgrees(seen);
    assert.deepEqual([seen.minor, seen.major, seen.pages.size], [0, N, N]);
  } catch (error) {
    if (error instanceof CannotRun) return t.skip(`kernel: ${error.message}`);
    throw error;
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("threads that begin and end while it records are told by their own tid", async () => {
  const seen = await recordSection("threads", ["7", "101"]);
  assertAgrees(seen);
  const forked = of(seen.events, "fork");
  assert.ok(forked.every(({ pid, parentPid }) => pid === seen.pid && parentPid === pid));
  assert.deepEqual(seen.byTid, new Map(forked.map(({ tid }) => [tid, 101])));
  assert.equal(of(seen.events, "exit").length, 7);
});

test("300 threads: every fault of each", async () => {
  const seen = await recordSection("threads", ["300", "7"]);
  assertAgrees(seen);
  assert.equal(seen.minor, 2100);
  assert.ok([...seen.byTid.values()].every((faults) => faults === 7));
});

test("a process that has many threads already is recorded by CPU, without its neighbours", async () => {
  const seen = await recordIdleThreads(100);
  assert.equal(seen.ready.machine, true);
  assertWhole(seen);
  assert.ok(seen.minor >= 100 * 11, String(seen.minor));
  assert.equal(seen.byPid.size, 1);
});

/** A program whose threads wait, are recorded, and then touch 11 fresh pages each. */
async function recordIdleThreads(threads: number): Promise<Tale> {
  const script = `
import sys, threading, mmap
go = threading.Barrier(${threads} + 1)
def work():
    go.wait()
    m = mmap.mmap(-1, 11 * 4096)
    for i in range(11): m[i * 4096] = 1
all = [threading.Thread(target=work) for _ in range(${threads})]
for t in all: t.start()
print("ready", flush=True)
sys.stdin.readline()
go.wait()
for t in all: t.join()
print("done", flush=True)
sys.stdin.readline()`;
  const program = start("/usr/bin/python3", ["-c", script]);
  try {
    assert.equal(await program.line(), "ready");
    const listening = await listen({ pids: [program.pid] });
    program.process.stdin?.write("\n");
    assert.equal(await program.line(), "done");
    await listening.recorder.stop();
    return listening.tale();
  } finally {
    program.process.kill("SIGKILL");
  }
}

test("children are left out, their forks told", async () => {
  const seen = await recordSection("forks", ["5", "7"]);
  assertWhole(seen);
  assert.deepEqual([...seen.byPid.keys()], [seen.pid]);
  assert.equal(seen.minor, Number(field(field(seen.said, "own"), "minor")));
  assert.equal(of(seen.events, "fork").filter(({ parentPid }) => parentPid === seen.pid).length, 5);
});

test("-f: children are recorded from their first fault to their last", async () => {
  const seen = await recordSection("forks", ["5", "7"], { follow: true });
  assertAgrees(seen);
  assert.equal(seen.byPid.size, 6);
  assert.deepEqual(
    [seen.minor, seen.byPid.get(seen.pid)],
    [field(seen.said, "minor"), field(field(seen.said, "own"), "minor")],
  );
});

test("a held command is recorded through its exec to its end, which ends the recorder", async () => {
  const seen = await recordHeld([workloadPath("known"), "touch", String(N)]);
  assertAgrees(seen);
  assert.ok(seen.minor >= N);
  assert.deepEqual(
    of(seen.events, "comm").map(({ comm, exec }) => [comm, exec]),
    [["known", true]],
  );
  assert.ok(of(seen.events, "mmap").some(({ path }) => path === workloadPath("known")));
});

test("a shell with -f: the commands that it runs, by their names", async () => {
  const seen = await recordHeld(["sh", "-c", "/bin/ls / >/dev/null; /bin/true; exit 0"], { follow: true });
  assertAgrees(seen);
  const names = of(seen.events, "comm").filter(({ exec }) => exec);
  assert.deepEqual(
    names.map(({ comm }) => comm),
    ["sh", "ls", "true"],
  );
  assert.equal(seen.byPid.size, 3);
});

test("a held python3: what perf stat counts, to the last fault", async (t) => {
  const reason = await missing("/usr/bin/python3");
  if (reason) return t.skip(reason);
  assertAgrees(await recordHeld(["/usr/bin/python3", "-c", "import json; x = bytearray(80_000_000)"]));
});

for (const ip of [true, false]) {
  test(`800,000 faults as fast as a program can, ${ip ? "with" : "without"} the instruction: none lost`, async () => {
    const seen = await recordSection("walk", ["100000", "8"], { ip });
    assertAgrees(seen);
    assert.equal(seen.minor, 800_000);
  });
}

test("nothing stays behind when the process that records is killed", async () => {
  const sleeper = start("sleep", ["60"]);
  const attach = new URL("../../lib/source/faultrec/attach.ts", import.meta.url).href;
  const script = `
import { attachRecorder } from ${JSON.stringify(attach)};
const sink = { faults() {}, event() {} };
const { pid } = await attachRecorder({ pids: [${sleeper.pid}] }, sink);
console.log(pid);`;
  const parent = start("node", ["--import", "tsx", "--input-type=module", "-e", script]);
  try {
    const pid = Number(await parent.line());
    assert.ok(pid > 0 && readPidStat(pid)?.comm === "faultrec");
    parent.process.kill("SIGKILL");
    await until("faultrec is gone", () => {
      const stat = readPidStat(pid);
      return stat === null || isDead(stat);
    });
  } finally {
    sleeper.process.kill("SIGKILL");
    parent.process.kill("SIGKILL");
  }
});

test("a pid that nobody has is refused by name; beside others it is told", async () => {
  const nobody = 4_000_000;
  const sink = { faults: () => undefined, event: () => undefined };
  await assert.rejects(
    attachRecorder({ pids: [nobody] }, sink),
    new UserError(`faultrec: no such process: ${nobody}`, 1),
  );
  const sleeper = start("sleep", ["60"]);
  try {
    const listening = await listen({ pids: [sleeper.pid, nobody] });
    await listening.recorder.stop();
    assert.deepEqual(
      of(listening.tale().events, "gone").map(({ pid }) => pid),
      [nobody],
    );
  } finally {
    sleeper.process.kill("SIGKILL");
  }
});
