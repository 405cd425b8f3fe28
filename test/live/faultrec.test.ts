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
import {
  CannotRun,
  listen,
  type Options,
  recordHeld,
  recordSection,
  type Seen,
  type Tale,
} from "./faultrec.ts";
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

for (const [kind, options] of Object.entries({ full: {}, light: { light: true } })) {
  for (const [mode, minor] of Object.entries({
    touch: N,
    read: N,
    cow: N,
    "cow-child": 0,
    populate: 0,
    mlock: 0,
    segv: 0,
  })) {
    test(`${kind}: known ${mode} ${N}, idle at both edges: ${minor} minor faults, each page once`, async () => {
      const seen = await recordSection("known", [mode, String(N)], options);
      assertAgrees(seen);
      assert.deepEqual([seen.minor, seen.major, seen.pages.size], [minor, 0, minor]);
      assert.equal(seen.ready.lateNs, kind === "light" ? 20e6 : 0);
    });
  }

  test(`${kind}: known cow-child, the child recorded: its writes, each page once`, async () => {
    const seen = await recordSection("known", ["cow-child", String(N)], options, "child");
    assertAgrees(seen);
    assert.equal(seen.minor, N);
    assert.deepEqual([...seen.byPid.keys()], [seen.child]);
  });

  test(`${kind}: known cold: as many major faults as pages, each page once`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "faultrec-"));
    try {
      const file = join(directory, "cold");
      writeFileSync(file, Buffer.alloc(N * 4096, 1));
      const seen = await recordSection("known", ["cold", file, String(N)], options);
      assertAgrees(seen);
      assert.deepEqual([seen.minor, seen.major, seen.pages.size], [0, N, N]);
    } catch (error) {
      if (error instanceof CannotRun) return t.skip(`kernel: ${error.message}`);
      throw error;
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test(`${kind}: threads that begin and end while it records are told by their own tid`, async () => {
    const seen = await recordSection("threads", ["7", "101"], options);
    assertAgrees(seen);
    const forked = of(seen.events, "fork");
    assert.ok(forked.every(({ pid, parentPid }) => pid === seen.pid && parentPid === pid));
    assert.deepEqual(seen.byTid, new Map(forked.map(({ tid }) => [tid, 101])));
    assert.equal(of(seen.events, "exit").length, 7);
  });

  test(`${kind}: 300 threads: every fault of each`, async () => {
    const seen = await recordSection("threads", ["300", "7"], options);
    assertAgrees(seen);
    assert.equal(seen.minor, 2100);
    assert.ok([...seen.byTid.values()].every((faults) => faults === 7));
  });

  test(`${kind}: children are left out, their forks told`, async () => {
    const seen = await recordSection("forks", ["5", "7"], options);
    assertWhole(seen);
    assert.deepEqual([...seen.byPid.keys()], [seen.pid]);
    assert.equal(seen.minor, Number(field(field(seen.said, "own"), "minor")));
    assert.equal(of(seen.events, "fork").filter(({ parentPid }) => parentPid === seen.pid).length, 5);
  });

  test(`${kind}: -f: children are recorded from their first fault to their last`, async () => {
    const seen = await recordSection("forks", ["5", "7"], { ...options, follow: true });
    assertAgrees(seen);
    assert.equal(seen.byPid.size, 6);
    assert.deepEqual(
      [seen.minor, seen.byPid.get(seen.pid)],
      [field(seen.said, "minor"), field(field(seen.said, "own"), "minor")],
    );
  });

  test(`${kind}: a held command is recorded through its exec to its end, which ends the recorder`, async () => {
    const seen = await recordHeld([workloadPath("known"), "touch", String(N)], options);
    assertAgrees(seen);
    assert.ok(seen.minor >= N);
    assert.deepEqual(
      of(seen.events, "comm").map(({ comm, exec }) => [comm, exec]),
      [["known", true]],
    );
    assert.ok(of(seen.events, "mmap").some(({ path }) => path === workloadPath("known")));
  });

  test(`${kind}: a shell with -f: the commands that it runs, by their names`, async () => {
    const seen = await recordHeld(["sh", "-c", "/bin/ls / >/dev/null; /bin/true; exit 0"], {
      ...options,
      follow: true,
    });
    assertAgrees(seen);
    const names = of(seen.events, "comm").filter(({ exec }) => exec);
    assert.deepEqual(
      names.map(({ comm }) => comm),
      ["sh", "ls", "true"],
    );
    assert.equal(seen.byPid.size, 3);
  });

  test(`${kind}: a held python3: what perf stat counts, to the last fault`, async (t) => {
    const reason = await missing("/usr/bin/python3");
    if (reason) return t.skip(reason);
    assertAgrees(
      await recordHeld(["/usr/bin/python3", "-c", "import json; x = bytearray(80_000_000)"], options),
    );
  });
}

test("a process that has many threads already is recorded by CPU, without its neighbours", async () => {
  const seen = await recordIdleThreads(100);
  assert.equal(seen.ready.machine, true);
  assertWhole(seen);
  assert.ok(seen.minor >= 100 * 11, String(seen.minor));
  assert.equal(seen.byPid.size, 1);
});

test("light: with many threads it is recorded in full, and that is said", async () => {
  const seen = await recordIdleThreads(17, { light: true });
  assert.deepEqual([seen.ready.machine, seen.ready.lateNs], [true, 0]);
  assert.deepEqual(seen.degraded, [
    "--light is for up to 16 threads: each fault is recorded with its time and thread",
  ]);
  assertWhole(seen);
  assert.ok(seen.minor >= 17 * 11, String(seen.minor));
});

/** A program whose threads wait, are recorded, and then touch 11 fresh pages each. */
async function recordIdleThreads(
  threads: number,
  options: Options = {},
): Promise<Tale & { degraded: string[] }> {
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
    const listening = await listen({ ...options, pids: [program.pid] });
    program.process.stdin?.write("\n");
    assert.equal(await program.line(), "done");
    await listening.recorder.stop();
    return { ...listening.tale(), degraded: listening.recorder.degraded };
  } finally {
    program.process.kill("SIGKILL");
  }
}

for (const options of [{}, { ip: false }, { light: true }]) {
  test(`800,000 faults as fast as a program can, ${JSON.stringify(options)}: none lost`, async () => {
    const seen = await recordSection("walk", ["100000", "8"], options);
    assertAgrees(seen);
    assert.equal(seen.minor, 800_000);
  });
}

/** Computes until its file is there, then touches 503 fresh pages, and computes on. */
const SPIN = `
import mmap, os, sys
m = mmap.mmap(-1, 503 * 4096)
print("ready", flush=True)
while not os.path.exists(sys.argv[1]): pass
for page in range(503): m[4096 * page] = 1
print("done", flush=True)
while True: os.path.exists(sys.argv[1])
`;

test("light: whose faults they are, of processes that compute while it attaches and never rest", async (t) => {
  const python = await missing("/usr/bin/python3");
  if (python) return t.skip(python);
  const directory = mkdtempSync(join(tmpdir(), "faultrec-"));
  const go = join(directory, "go");
  const spinning = [1, 2, 3].map(() => start("/usr/bin/python3", ["-c", SPIN, go]));
  try {
    for (const program of spinning) assert.equal(await program.line(), "ready");
    const pids = spinning.map(({ pid }) => pid);
    const minor = (pid: number): number => readPidStat(pid)?.minor ?? Number.NaN;
    const before = pids.map(minor);
    const listening = await listen({ pids, light: true });
    writeFileSync(go, "");
    for (const program of spinning) assert.equal(await program.line(), "done");
    const after = pids.map(minor);
    await listening.recorder.stop();
    const tale = listening.tale();
    assertWhole(tale);
    assert.deepEqual(
      pids.map((pid) => tale.byPid.get(pid)),
      pids.map((_, i) => (after[i] ?? 0) - (before[i] ?? 0)),
    );
  } finally {
    for (const program of spinning) program.process.kill("SIGKILL");
    rmSync(directory, { recursive: true });
  }
});

test("nothing stays behind when the process that records is killed", async () => {
  const sleeper = start("sleep", ["60"]);
  const attach = new URL("../../lib/source/faultrec/attach.ts", import.meta.url).href;
  const script = `
import { attachRecorder } from ${JSON.stringify(attach)};
const sink = { faults() {}, event() {} };
const { pid } = await attachRecorder({ scope: { kind: "pids", pids: [${sleeper.pid}], follow: false } }, sink);
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
    attachRecorder({ scope: { kind: "pids", pids: [nobody], follow: false } }, sink),
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
