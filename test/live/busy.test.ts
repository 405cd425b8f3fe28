import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { before, type TestContext, test } from "node:test";
import { execa } from "execa";
import { workloadPath } from "../../lib/paths.ts";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import { make, type Program, start, until } from "../helpers-c/programs.ts";
import { missing } from "./held.ts";
import { runTool, startTool, summaryOf } from "./tool.ts";

const SOURCES = ["bpftrace", "counters", "perf", "proc"];

before(() => make());

/** All faults of a process in the kernel's books. */
function kernelTotal(pid: number): number {
  const stat = readPidStat(pid);
  assert.ok(stat, `process ${pid} has gone`);
  return stat.minor + stat.major;
}

/** A program that the test stops at its end. */
function running(t: TestContext, file: string, args: string[]): Program {
  const program = start(file, args);
  program.process.stdout?.resume();
  t.after(() => program.process.kill("SIGKILL"));
  return program;
}

/**
 * Attached while it is busy: the books say how far apart the two windows may be, and what the tracer
 * counted lies within; nothing of the edge is booked as untraced or failed.
 */
async function assertWithinEdge(pid: number): Promise<void> {
  for (const source of SOURCES) {
    const earlier = kernelTotal(pid);
    const run = await runTool("--via", source, "-p", String(pid), "0.3", "3");
    const later = kernelTotal(pid);
    const summary = summaryOf(run, pid);
    const { minor, major, kernelMinor, kernelMajor, edge, untraced, unexplained, lost } = summary;
    assert.ok(kernelMinor !== null && kernelMajor !== null && edge !== null && untraced !== null, source);
    const kernel = kernelMinor + kernelMajor;
    const traced = minor + major;
    assert.ok(traced > 0, `${source} saw it fault`);
    assert.ok(kernel <= later - earlier, `${source}: ${kernel} of ${later - earlier}`);
    assert.ok(traced <= kernel, `${source}: traced ${traced}, kernel ${kernel}`);
    assert.ok(kernel - traced - untraced <= edge, `${source}: ${kernel} - ${traced} - ${untraced} > ${edge}`);
    assert.deepEqual([untraced, unexplained, lost], [0, 0, 0], source);
    assert.deepEqual([summary.endedBy, run.status, run.samples.length], ["count", 0, 3], source);
  }
}

test("attached to a program that does nothing but fault, every source stays within its printed edge", async (t) => {
  const { pid } = running(t, workloadPath("walk"), ["20011", "1000000"]);
  await until("walk runs", () => (readPidStat(pid)?.minor ?? 0) > 20_000);
  await assertWithinEdge(pid);
});

test("attached to redis-server under redis-benchmark, every source stays within its printed edge", async (t) => {
  const reason = await missing("redis-server", "redis-benchmark");
  if (reason) return t.skip(reason);
  const directory = mkdtempSync(`${tmpdir()}/pgfaultstat-redis-`);
  const socket = `${directory}/socket`;
  const server = running(t, "redis-server", [
    ...["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", directory],
  ]);
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  for (let attempt = 0; ; attempt++) {
    const ping = await execa("redis-cli", ["-s", socket, "ping"], { reject: false });
    if (ping.stdout === "PONG") break;
    assert.ok(attempt < 100, `redis-server does not answer: ${ping.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // values of many pages, ever new keys, and a flush now and then: the server allocates all the time
  const load = ["-n", "100000000", "-c", "4", "-d", "65536", "-r", "2003", "-t", "set,lpush", "-q"];
  running(t, "redis-benchmark", ["-s", socket, ...load]);
  const flush = setInterval(() => {
    void execa("redis-cli", ["-s", socket, "flushall", "sync"], { reject: false });
  }, 200);
  t.after(() => clearInterval(flush));
  const before = kernelTotal(server.pid);
  await until("redis-server faults", () => kernelTotal(server.pid) > before + 1000);
  await assertWithinEdge(server.pid);
});

test("a target that ends in the middle: its last faults are in the books, which balance at the end", async () => {
  const program = start(workloadPath("walk"), ["20011", "1000000"]);
  program.process.stdout?.resume();
  const tool = await startTool("-p", String(program.pid), "0.5");
  program.process.kill("SIGTERM"); // faults to its last moment
  const run = await tool.ended();
  await program.end;
  const summary = summaryOf(run, program.pid);
  assert.deepEqual([summary.endedBy, summary.exited, run.status], ["exit", true, 0]);
  const { minor, major, kernelMinor, kernelMajor, untraced, edge, unexplained } = summary;
  assert.ok(kernelMinor !== null && kernelMajor !== null && untraced !== null && edge !== null);
  assert.ok(kernelMinor + kernelMajor - minor - major <= edge + untraced);
  assert.equal(unexplained, 0);
});
