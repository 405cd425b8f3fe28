import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { describe, type TestContext, test } from "node:test";
import {
  AS_NOBODY,
  IS_ROOT,
  inOwnMounts,
  nobody,
  onlyPrograms,
  openFolder,
  recordsOf,
  runAsNobody,
  runTool,
  start,
  startSleep,
  startTarget,
  summariesOf,
  TOOL,
  withProgramsOf,
} from "./tool.ts";

const MISSING = (name: string): RegExp =>
  new RegExp(`${name} not found: (sudo )?apt-get install -y --no-install-recommends (linux-)?${name}`);
const ONE_LINE = /^pgfaultstat: [^\n]*\n$/;

/** A folder with a bpftrace of our own. */
async function fakeBpftrace(t: TestContext, script: string): Promise<NodeJS.ProcessEnv> {
  const folder = await openFolder(t);
  await writeFile(`${folder}/bpftrace`, `#!/bin/sh\n${script}\n`);
  await chmod(`${folder}/bpftrace`, 0o755);
  return withProgramsOf(folder);
}

describe("without bpftrace", { concurrency: 4 }, () => {
  test("auto counts with what there is, and says what is missing and how to get it", async (t) => {
    const env = await onlyPrograms(t, ["perf"]);
    const { status, stdout, stderr } = await runTool(t, ["-j", "-l", "0.1", "2", "-p", startSleep(t)], {
      env,
    });
    assert.equal(status, 0);
    const lines = stderr.trimEnd().split("\n");
    assert.equal(lines.length, 2);
    assert.ok(lines.some((line) => MISSING("bpftrace").test(line) && /counting with \w+$/.test(line)));
    assert.ok(lines.includes("pgfaultstat: latency needs eBPF (--via bpftrace)"), "what is lost");
    const records = recordsOf(stdout);
    assert.match(String(records[0]?.source), /^(counters|perf|proc)$/);
    assert.match(String(records[0]?.why), MISSING("bpftrace"));
    assert.equal(records.at(-1)?.type, "summary");
  });

  for (const via of ["bpftrace", "kprobe", "perf"]) {
    test(`--via ${via} is refused with the command that installs it, status 3; COMMAND never starts`, async (t) => {
      const folder = await openFolder(t);
      const env = await onlyPrograms(t, ["touch"]);
      const args = ["--via", via, "--html", `${folder}/page`, "--", "touch", `${folder}/started`];
      const { status, stdout, stderr } = await runTool(t, args, { env });
      assert.match(stderr, ONE_LINE);
      assert.match(stderr, MISSING(via === "perf" ? "perf" : "bpftrace"));
      assert.equal(stdout, "");
      assert.equal(status, 3);
      assert.ok(!existsSync(`${folder}/started`));
      assert.ok(!existsSync(`${folder}/page`));
    });
  }
});

describe("a bpftrace whose probes do not attach", { concurrency: 4 }, () => {
  const refuses = `echo 'Attaching 5 probes...'; echo 'stdin:1:1-9: ERROR: the kernel says no' >&2; exit 1`;

  test("auto falls back with bpftrace's own reason", async (t) => {
    const env = await fakeBpftrace(t, refuses);
    const { status, stdout, stderr } = await runTool(t, ["-j", "0.1", "2", "-p", startSleep(t)], { env });
    assert.match(stderr, ONE_LINE);
    assert.match(stderr, /bpftrace does not attach: .*the kernel says no; counting with counters/);
    assert.equal(recordsOf(stdout)[0]?.source, "counters");
    assert.equal(status, 0);
  });

  test("--via bpftrace is refused, status 3", async (t) => {
    const env = await fakeBpftrace(t, refuses);
    const args = ["--via", "bpftrace", "-p", startSleep(t)];
    const { status, stdout, stderr } = await runTool(t, args, { env });
    assert.match(stderr, /^pgfaultstat: bpftrace: .*the kernel says no\n$/);
    assert.equal(stdout, "");
    assert.equal(status, 3);
  });

  test("one that says nothing and ends is told as that", async (t) => {
    const env = await fakeBpftrace(t, "exit 0");
    const { status, stderr } = await runTool(t, ["--via", "bpftrace", "-p", startSleep(t)], { env });
    assert.equal(stderr, "pgfaultstat: bpftrace: no reason given\n");
    assert.equal(status, 3);
  });

  test("one that is killed while it attaches is told by the signal", async (t) => {
    const env = await fakeBpftrace(t, "kill -9 $$");
    const { status, stderr } = await runTool(t, ["--via", "bpftrace", "-p", startSleep(t)], { env });
    assert.equal(stderr, "pgfaultstat: bpftrace: killed by SIGKILL\n");
    assert.equal(status, 3);
  });
});

describe("a user without privilege", {
  concurrency: 4,
  skip: IS_ROOT ? false : "needs: root, to become another user",
}, () => {
  test("counts a process of another user by /proc, and auto says why it is no more", async (t) => {
    const { status, stdout, stderr } = await runAsNobody(t, ["-j", "0.1", "2", "-p", startSleep(t)]);
    assert.match(stderr, ONE_LINE);
    assert.match(stderr, /bpftrace .*root.*; counting with proc\n$/);
    assert.match(stderr, /: sudo \S+ --import \S+ \S+pgfaultstat\.ts /, "the same command as root");
    assert.equal(recordsOf(stdout)[0]?.source, "proc");
    assert.equal(summariesOf(stdout).length, 1);
    assert.equal(status, 0);
  });

  test("counts an own process and an own COMMAND", async (t) => {
    const own = startTarget(t, ["sleep", "1000"], nobody);
    const attached = await runAsNobody(t, ["-j", "--via", "proc", "0.1", "2", "-p", String(own.pid)]);
    assert.equal(attached.stderr, "");
    assert.equal(summariesOf(attached.stdout)[0]?.pid, own.pid);
    assert.equal(attached.status, 0);

    const launched = await runAsNobody(t, ["-j", "--", "sh", "-c", "exit 5"]);
    assert.equal(launched.status, 5);
    assert.ok(Number(summariesOf(launched.stdout)[0]?.minor) > 0);
  });

  test("is refused what was asked for by name, status 3, with the way to get it", async (t) => {
    const { status, stdout, stderr } = await runAsNobody(t, ["--via", "bpftrace", "-p", startSleep(t)]);
    assert.match(
      stderr,
      /^pgfaultstat: bpftrace: .*root.*: sudo \S+ --import \S+ \S+pgfaultstat\.ts --via bpftrace -p \d+\n$/,
    );
    assert.equal(stdout, "");
    assert.equal(status, 3);
    for (const via of ["counters", "perf"]) {
      const refused = await runAsNobody(t, ["--via", via, "-p", startSleep(t)]);
      assert.match(refused.stderr, ONE_LINE);
      assert.equal(refused.stdout, "");
      assert.equal(refused.status, 3);
    }
  });

  test("where /proc hides other users' processes there is no such process", async (t) => {
    const folder = await openFolder(t);
    const prepare = `mount -t proc -o hidepid=2 proc /proc && mount --bind . ${folder} && cd ${folder}`;
    const command = inOwnMounts(prepare, [...AS_NOBODY, ...TOOL, "--via", "proc", "-p", "1"]);
    const { status, stderr } = await start(t, command).ended;
    assert.equal(stderr, "pgfaultstat: cannot trace pid 1: no such process\n");
    assert.equal(status, 1);
  });
});
