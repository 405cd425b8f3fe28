import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { describe, type TestContext, test } from "node:test";
import { KernelWindow } from "../../lib/fault/stat/kernel-window.ts";
import { workloadPath } from "../../lib/paths.ts";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import { listThreads } from "../../lib/procfs/processes.ts";
import { make } from "../helpers-c/programs.ts";
import {
  openFolder,
  recordsOf,
  runTool,
  samplesOf,
  startForker,
  startSleep,
  startTarget,
  startTool,
  summariesOf,
  until,
} from "./tool.ts";

const FIRST_SAMPLE = /"type":"sample"/;

/** A shell that does nothing until a file is there, then what it is told. */
async function startWaiting(t: TestContext, then: string): Promise<{ pid: number; go: () => Promise<void> }> {
  const go = `${await openFolder(t)}/go`;
  const { pid } = startTarget(t, ["bash", "-c", `while [ ! -e ${go} ]; do sleep 0.05; done; ${then}`]);
  return { pid, go: () => writeFile(go, "") };
}

describe("a target that ends in the middle: summary, status 0", { concurrency: 4 }, () => {
  for (const args of [
    ["--via", "auto"],
    ["-l", "--types"],
    ["--via", "perf"],
    ["--via", "counters"],
    ["--via", "proc"],
  ]) {
    test(args.join(" "), async (t) => {
      const target = await startWaiting(t, "exit 3");
      const tool = startTool(t, ["-j", ...args, "0.2", "-p", String(target.pid)]);
      await tool.sees(FIRST_SAMPLE);
      await target.go();
      const { status, stdout } = await tool.ended;
      assert.equal(status, 0);
      const [summary, ...others] = summariesOf(stdout);
      assert.deepEqual(others, []);
      assert.equal(summary?.comm, "bash");
      assert.equal(summary?.endedBy, "exit");
      assert.equal(summary?.exited, true);
      assert.equal(summary?.exitStatus, null, "that is its parent's");
    });
  }
});

test("a target that executes another program stays the same process, under its new name", async (t) => {
  const target = await startWaiting(t, "exec sleep 1000");
  const tool = startTool(t, ["-j", "0.2", "-p", String(target.pid)]);
  await tool.sees(FIRST_SAMPLE);
  await target.go();
  await tool.sees(/"comm":"sleep"/);
  tool.process.kill("SIGINT");
  const { status, stdout } = await tool.ended;
  assert.equal(status, 0);
  const samples = samplesOf(stdout);
  assert.equal(samples[0]?.comm, "bash");
  assert.equal(samples.at(-1)?.comm, "sleep");
  assert.deepEqual([...new Set(samples.map(({ pid }) => pid))], [target.pid]);
  const summaries = summariesOf(stdout);
  assert.equal(summaries.length, 1);
  assert.equal(summaries[0]?.comm, "sleep");
  assert.ok(Number(summaries[0]?.minor) > 0, "what exec itself faults in belongs to it");
});

test("a thousand children that come and go: each is counted, and its books balance", async (t) => {
  await make("forks");
  const command = [workloadPath("forks"), "-j", "4", "1000", "5"];
  const { status, stdout, stderr } = await runTool(t, ["-f", "-j", "0.5", "--", ...command]);
  assert.equal(status, 0);
  const known = JSON.parse(stderr.trim().split("\n").at(-1) ?? "");
  const summaries = summariesOf(stdout);
  // the workload rehearses with a child of its own
  assert.ok(summaries.length >= 1001, `${summaries.length}`);
  for (const summary of summaries) {
    const { pid, minor, major, untraced, kernelMinor, kernelMajor, exited, edge } = summary;
    assert.equal(
      Number(minor) + Number(major) + Number(untraced),
      Number(kernelMinor) + Number(kernelMajor),
      `${pid}`,
    );
    assert.deepEqual([exited, edge], [true, 0], `${pid}`);
  }
  const children = summaries.filter(({ pid }) => pid !== recordsOf(stdout)[0]?.pids);
  const total = children.reduce((sum, { minor }) => sum + Number(minor), 0);
  assert.ok(total >= known.minor, `${total} of ${known.minor} in its section alone`);
});

test("a number that is used again is another process: identity is the start time", async (t) => {
  const root = await openFolder(t);
  const put = async (startTime: number, minor: number): Promise<void> => {
    await mkdir(`${root}/7/task/7`, { recursive: true });
    const fields = `S 1 7 7 0 -1 0 ${minor} 0 2 0 10 5 0 0 20 0 1 0 ${startTime} 4096 100`;
    for (const file of ["7/stat", "7/task/7/stat"])
      await writeFile(`${root}/${file}`, `7 (name) ${fields}\n`);
  };
  const window = new KernelWindow(root);
  await put(1000, 500);
  window.beforeAttach([7]);
  window.afterAttach([7]);
  await put(2000, 40);
  window.beforeStop([7]);
  window.afterStop([7]);
  assert.equal(window.closing(7, null).end, null, "the first one's end is not known");

  const born = new KernelWindow(root);
  await put(1000, 500);
  born.beforeAttach([7]);
  await put(2000, 40);
  born.afterAttach([7]);
  assert.deepEqual(born.start(7), { before: { minor: 0, major: 0 }, after: { minor: 40, major: 2 } });
});

describe("targets in odd states", { concurrency: 4 }, () => {
  test("one that is stopped is measured and stays stopped", async (t) => {
    const target = startTarget(t);
    target.process.kill("SIGSTOP");
    await until("stopped", () => readPidStat(target.pid)?.state === "T");
    const { status, stdout } = await runTool(t, ["-j", "0.2", "2", "-p", String(target.pid)]);
    assert.equal(status, 0);
    assert.equal(samplesOf(stdout).length, 2);
    assert.equal(summariesOf(stdout)[0]?.endedBy, "count");
    assert.equal(readPidStat(target.pid)?.state, "T");
  });

  for (const args of [["-t"], ["-l"], ["--via", "counters"]]) {
    test(`one with 300 threads ${args.join(" ")}`, async (t) => {
      const script = [
        "import mmap, threading, time",
        "def touch():",
        "    while True: mmap.mmap(-1, 4096)[0] = 1; time.sleep(0.3)",
        "for _ in range(299): threading.Thread(target=touch, daemon=True).start()",
        "print('up', flush=True); time.sleep(1000)",
      ].join("\n");
      const target = startTarget(t, ["/usr/bin/python3", "-c", script]);
      await target.sees(/up/);
      assert.equal(listThreads(target.pid).length, 300);
      const { status, stdout } = await runTool(t, ["-j", ...args, "0.3", "3", "-p", String(target.pid)]);
      assert.equal(status, 0);
      const [summary] = summariesOf(stdout);
      assert.equal(summariesOf(stdout).length, 1);
      assert.ok(Number(summary?.minor) > 0);
      assert.equal(summary?.unexplained, 0);
      if (args[0] !== "-t") return;
      const threads = new Set(samplesOf(stdout).map(({ tid }) => tid));
      assert.ok(threads.size > 100, `${threads.size} threads have rows`);
    });
  }

  test("200 processes, each with its row and its summary", async (t) => {
    // one shell as the parent of all, which ends with it
    const shell = startTarget(
      t,
      ["bash", "-c", "for i in {1..200}; do sleep 1000 &>/dev/null & echo $!; done; echo all; wait"],
      {
        detached: true,
      },
    );
    t.after(() => process.kill(-shell.pid, "SIGKILL"));
    await shell.sees(/all/);
    const pids = shell.printed().trim().split("\n").slice(0, 200);
    const list = pids.join();
    const json = await runTool(t, ["-j", "0.2", "2", "-p", list]);
    assert.equal(json.status, 0);
    assert.equal(json.stderr, "");
    assert.equal(samplesOf(json.stdout).length, 400);
    assert.deepEqual(new Set(summariesOf(json.stdout).map(({ pid }) => String(pid))), new Set(pids));

    const table = await runTool(t, ["--via", "proc", "0.2", "2", "-p", list]);
    assert.match(table.stdout, /\nand 180 more processes \(-n shows more\)\n/);
    for (const line of table.stdout.split("\n")) assert.ok(line.length < 80, line);
  });

  test("the same process three times is one process", async (t) => {
    const pid = startSleep(t);
    const { status, stdout } = await runTool(t, [
      "-j",
      "--via",
      "proc",
      "0.1",
      "2",
      "-p",
      `${pid},${pid}`,
      "-p",
      pid,
    ]);
    assert.equal(status, 0);
    assert.deepEqual(recordsOf(stdout)[0]?.pids, [Number(pid)]);
    assert.equal(samplesOf(stdout).length, 2);
    assert.equal(summariesOf(stdout).length, 1);
  });
});

describe("odd times", { concurrency: 4 }, () => {
  test("an interval longer than the duration is one sample of the duration", async (t) => {
    const { status, stdout } = await runTool(t, [
      "-j",
      "-d",
      "0.3",
      "3600",
      "-p",
      String(startForker(t).pid),
    ]);
    assert.equal(status, 0);
    const samples = samplesOf(stdout);
    assert.equal(samples.length, 1);
    assert.ok(Number(samples[0]?.seconds) >= 0.25);
    assert.equal(samples[0]?.minor, summariesOf(stdout)[0]?.minor);
    assert.equal(summariesOf(stdout)[0]?.endedBy, "duration");
  });

  for (const via of ["bpftrace", "counters", "perf", "proc"]) {
    test(`the shortest interval, --via ${via}: as many samples as asked for, and none is lost`, async (t) => {
      const target = startForker(t);
      const { status, stdout } = await runTool(t, [
        "-j",
        "--via",
        via,
        "0.01",
        "20",
        "-p",
        String(target.pid),
      ]);
      assert.equal(status, 0);
      const samples = samplesOf(stdout);
      assert.equal(samples.length, 20);
      for (const { seconds, minorPerSecond } of samples) {
        assert.ok(Number(seconds) >= 0);
        assert.ok(Number.isFinite(minorPerSecond), "no rate is infinite, whatever the interval");
      }
      const sum = samples.reduce((total, sample) => total + Number(sample.minor), 0);
      assert.equal(sum, summariesOf(stdout)[0]?.minor);
    });
  }

  test("all processes, as JSON: every line parses, samples add up to the summaries", async (t) => {
    startForker(t);
    const { status, stdout } = await runTool(t, ["-a", "-j", "0.3", "2"]);
    assert.equal(status, 0);
    const sums = new Map<unknown, number>();
    for (const { pid, minor } of samplesOf(stdout)) sums.set(pid, (sums.get(pid) ?? 0) + Number(minor));
    const summaries = summariesOf(stdout);
    assert.ok(summaries.length > 0);
    for (const { pid, minor } of summaries) assert.equal(sums.get(pid) ?? 0, minor, `${pid}`);
  });
});
