import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  isDead,
  isKernelThread,
  type PidStat,
  parsePidStat,
  readPidStat,
} from "../../lib/procfs/pid-stat.ts";

/** A line as fs/proc/array.c writes it (do_task_stat), with 0 in the fields that are not read. */
function format(stat: PidStat): string {
  const fields: (string | number)[] = Array.from({ length: 50 }, () => 0);
  const put = (field: number, value: string | number): void => {
    fields[field - 3] = value;
  };
  put(3, stat.state);
  put(4, stat.ppid);
  put(9, stat.flags);
  put(10, stat.minor);
  put(11, stat.childrenMinor);
  put(12, stat.major);
  put(13, stat.childrenMajor);
  put(14, stat.userTicks);
  put(15, stat.systemTicks);
  put(20, stat.threads);
  put(22, stat.startTime);
  put(24, stat.rssPages);
  return `${stat.pid} (${stat.comm}) ${fields.join(" ")}\n`;
}

const n = fc.nat();
const anyStat: fc.Arbitrary<PidStat> = fc.record({
  pid: n,
  comm: fc.oneof(
    fc.string({ unit: "binary", maxLength: 16 }),
    fc.string({ unit: fc.constantFrom(")", "(", " ", "\n", "R", "1", "\\", "ü"), maxLength: 16 }),
  ),
  state: fc.constantFrom("R", "S", "D", "T", "t", "Z", "X", "I"),
  ppid: n,
  flags: n,
  minor: n,
  childrenMinor: n,
  major: n,
  childrenMajor: n,
  userTicks: n,
  systemTicks: n,
  threads: n,
  startTime: n,
  rssPages: n,
});

test("a stat line is read back whatever the process calls itself", () => {
  fc.assert(fc.property(anyStat, (stat) => assert.deepEqual(parsePidStat(format(stat)), { ...stat })));
});

test("a stat line that was cut is null or the truth, never anything else", () => {
  fc.assert(
    fc.property(anyStat, fc.double({ min: 0, max: 1, noNaN: true }), (stat, share) => {
      const text = format(stat);
      // the last field that is read is the 24th: a cut within it may show fewer of its digits
      const parsed = parsePidStat(text.slice(0, Math.floor(share * text.length)));
      if (parsed !== null) assert.deepEqual({ ...parsed, rssPages: 0 }, { ...stat, rssPages: 0 });
    }),
  );
});

test("garbage is no stat line, and upsets nothing", () => {
  for (const text of ["", "()", "1", "1 (", "1 ()", "1 (x) R", "x (y) R 1 2 3", "1 (x) 7 1 2"]) {
    assert.equal(parsePidStat(text), null, text);
  }
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const stat = parsePidStat(text);
      if (stat !== null) assert.ok(Number.isFinite(stat.minor));
    }),
  );
});

test("the kernel's own line of this process is read as process and os tell it", () => {
  const stat = readPidStat(process.pid);
  assert.ok(stat);
  assert.equal(stat.ppid, process.ppid);
  assert.ok(stat.minor > 1000, "node has touched some megabytes");
  assert.ok(stat.rssPages * 4096 > 10_000_000);
  assert.ok(!isDead(stat) && !isKernelThread(stat));
  const main = readPidStat(process.pid, "/proc", process.pid);
  assert.equal(main?.startTime, stat.startTime, "the first thread was born with the process");
});

test("kthreadd is a kernel thread, a pid that is too large is nobody's", (t) => {
  assert.equal(readPidStat(2 ** 22 + 1), null);
  const second = readPidStat(2);
  if (second?.comm !== "kthreadd") return t.skip("kernel: /proc shows no kernel threads (a container)");
  assert.ok(isKernelThread(second));
});

test("a process that has ended and is not waited for is dead", async () => {
  // sh becomes sleep, which never waits for the child it got with it
  const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 10"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once("data", (text: Buffer) => resolve(Number(text.toString()))),
    );
    for (let i = 0; i < 500 && readPidStat(pid)?.state !== "Z"; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const stat = readPidStat(pid);
    assert.ok(stat && isDead(stat));
  } finally {
    parent.kill("SIGKILL");
  }
});

test("the root directory is a parameter", () => {
  const root = mkdtempSync(join(tmpdir(), "proc-"));
  try {
    mkdirSync(join(root, "7", "task", "8"), { recursive: true });
    const line = (pid: number, minor: number) =>
      `${pid} (a) b) S 1 0 0 0 0 0 ${minor} 0 3 0 0 0 0 0 0 0 1 0 99 0 5\n`;
    writeFileSync(join(root, "7", "stat"), line(7, 100));
    writeFileSync(join(root, "7", "task", "8", "stat"), line(8, 40));
    assert.equal(readPidStat(7, root)?.minor, 100);
    assert.equal(readPidStat(7, root)?.comm, "a) b");
    assert.equal(readPidStat(7, root, 8)?.minor, 40);
    assert.equal(readPidStat(8, root), null);
  } finally {
    rmSync(root, { recursive: true });
  }
});
