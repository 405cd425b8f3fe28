import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { describe, type TestContext, test } from "node:test";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import {
  childrenOf,
  descendantsOf,
  isGone,
  openFolder,
  type Running,
  recordsOf,
  samplesOf,
  startForker,
  startSleep,
  startTarget,
  startTool,
  summariesOf,
  until,
  withProgramsOf,
} from "./tool.ts";

const FIRST_SAMPLE = /"type":"sample"/;
const nameOf = (pid: number): string => readPidStat(pid)?.comm ?? "";
/** The tracers of this run of the tool, none of another one. */
const tracersOf = (tool: Running): number[] =>
  childrenOf(tool.pid).filter((pid) => ["bpftrace", "faultcount", "perf"].includes(nameOf(pid)));

async function allGone(pids: readonly number[]): Promise<void> {
  await until(`${pids.join()} gone`, () => pids.every(isGone));
}

describe("a signal ends the run in order: summary, status 0, nothing left", { concurrency: 4 }, () => {
  const cases: [string, NodeJS.Signals, boolean, string[]][] = [
    ["SIGINT", "SIGINT", false, []],
    ["SIGINT to the whole group, as Ctrl-C", "SIGINT", true, ["-l"]],
    ["SIGTERM", "SIGTERM", false, ["-a"]],
    ["SIGHUP", "SIGHUP", false, ["--via", "perf"]],
  ];
  for (const [name, signal, group, args] of cases) {
    test(`${name} ${args.join(" ")}`, async (t) => {
      const target = startTarget(t);
      const what = args.includes("-a") ? [] : ["-p", String(target.pid)];
      const tool = startTool(t, ["-j", ...args, ...what, "0.2"], { detached: true });
      await tool.sees(FIRST_SAMPLE);
      const tracers = tracersOf(tool);
      assert.ok(tracers.length > 0);
      process.kill(group ? -tool.pid : tool.pid, signal);
      const { status, stdout, stderr } = await tool.ended;
      assert.equal(status, 0);
      assert.equal(stderr.replace(/^pgfaultstat: perf stat counts .*\n/, ""), "");
      const summaries = summariesOf(stdout);
      assert.ok(summaries.length > 0);
      for (const summary of summaries) assert.equal(summary.endedBy, "interrupt");
      await allGone(tracers);
      assert.ok(!isGone(target.pid), "the target lives");
    });
  }

  test("a second signal while the first is being obeyed changes nothing", async (t) => {
    const tool = startTool(t, ["-j", "0.2", "-p", startSleep(t)]);
    await tool.sees(FIRST_SAMPLE);
    const tracers = tracersOf(tool);
    tool.process.kill("SIGINT");
    tool.process.kill("SIGTERM");
    const { status, stdout } = await tool.ended;
    assert.equal(status, 0);
    assert.equal(summariesOf(stdout).length, 1);
    await allGone(tracers);
  });
});

describe("Ctrl-C with a COMMAND", { concurrency: 4 }, () => {
  test("meets both: its end closes the books, status 130", async (t) => {
    const tool = startTool(t, ["-j", "0.2", "--", "sleep", "1000"], { detached: true });
    await tool.sees(FIRST_SAMPLE);
    const children = descendantsOf(tool.pid);
    process.kill(-tool.pid, "SIGINT");
    const { status, stdout, stderr } = await tool.ended;
    assert.equal(status, 130);
    assert.equal(stderr, "");
    assert.equal(summariesOf(stdout)[0]?.exitStatus, 130);
    await allGone(children);
  });

  test("that has ended: its end closes the books, however late its launcher tells it", async (t) => {
    const tool = startTool(t, ["-j", "0.2", "--", "sleep", "1000"], { detached: true });
    await tool.sees(FIRST_SAMPLE);
    const launcher = childrenOf(tool.pid).find((pid) => nameOf(pid) === "launch");
    assert.ok(launcher !== undefined);
    const [command] = childrenOf(launcher);
    assert.ok(command !== undefined);
    process.kill(launcher, "SIGSTOP");
    process.kill(-tool.pid, "SIGINT");
    await until("it has ended", () => isGone(command));
    await new Promise((resolve) => setTimeout(resolve, 1000)); // longer than its end is waited for
    process.kill(launcher, "SIGCONT");
    const { status, stdout } = await tool.ended;
    const [summary] = summariesOf(stdout);
    assert.deepEqual([status, summary?.endedBy, summary?.exitStatus, summary?.edge], [130, "exit", 130, 0]);
  });

  test("that ignores it: the summary comes at once, COMMAND is waited for, and its status passed on", async (t) => {
    const folder = await openFolder(t);
    const script = `trap '' INT; for i in $(seq 3000); do [ -e ${folder}/go ] || sleep 0.1; done; exit 9`;
    const tool = startTool(t, ["-j", "0.2", "--via", "proc", "--", "sh", "-c", script], { detached: true });
    await tool.sees(FIRST_SAMPLE);
    process.kill(-tool.pid, "SIGINT");
    await tool.sees(/"summary"/);
    await writeFile(`${folder}/go`, "");
    const { status, stdout } = await tool.ended;
    assert.equal(summariesOf(stdout)[0]?.endedBy, "interrupt");
    assert.equal(status, 9);
  });

  test("that ignores it, and a second Ctrl-C: we leave, COMMAND goes on", async (t) => {
    const folder = await openFolder(t);
    const script = `trap '' INT; for i in $(seq 3000); do [ -e ${folder}/go ] || sleep 0.1; done; echo done >${folder}/done`;
    const tool = startTool(t, ["-j", "0.2", "--via", "proc", "--", "sh", "-c", script], { detached: true });
    await tool.sees(FIRST_SAMPLE);
    process.kill(-tool.pid, "SIGINT");
    await tool.sees(/"summary"/);
    assert.ok(!existsSync(`${folder}/done`), "it still runs");
    process.kill(-tool.pid, "SIGINT");
    const { status } = await tool.ended;
    assert.equal(status, 130);
    await writeFile(`${folder}/go`, "");
    await until("COMMAND finished", () => existsSync(`${folder}/done`));
  });
});

/** A bpftrace that takes its time: it never attaches. */
async function slowBpftrace(t: TestContext): Promise<NodeJS.ProcessEnv> {
  const folder = await openFolder(t);
  await writeFile(`${folder}/bpftrace`, "#!/bin/sh\nexec sleep 1000\n");
  await chmod(`${folder}/bpftrace`, 0o755);
  return withProgramsOf(folder);
}

describe("while the probes are being attached", { concurrency: 4 }, () => {
  for (const [signal, how] of [
    ["SIGINT", "Ctrl-C of the group"],
    ["SIGTERM", "SIGTERM"],
    ["SIGKILL", "kill -9"],
  ] as const) {
    test(`${how} ends all, and the held COMMAND is never started`, async (t) => {
      const folder = await openFolder(t);
      const args = ["-j", "--html", `${folder}/page`, "--", "touch", `${folder}/started`];
      const tool = startTool(t, args, { env: await slowBpftrace(t), detached: true });
      // the launcher, COMMAND held by it, and the tracer
      await until("held", () => descendantsOf(tool.pid).map(nameOf).includes("sleep"));
      const all = descendantsOf(tool.pid);
      assert.equal(all.length, 3, all.map(nameOf).join());
      process.kill(signal === "SIGINT" ? -tool.pid : tool.pid, signal);
      const { status, stdout, stderr } = await tool.ended;
      await allGone(all);
      assert.ok(!existsSync(`${folder}/started`));
      assert.ok(!existsSync(`${folder}/page`));
      assert.equal(stdout, "");
      if (signal === "SIGKILL") return;
      assert.equal(stderr, "pgfaultstat: interrupted before anything was measured\n");
      assert.equal(status, signal === "SIGINT" ? 130 : 143);
    });
  }

  test("a COMMAND that is killed before it began is told by its status", async (t) => {
    const tool = startTool(t, ["-j", "--", "sleep", "1000"]);
    const held = (): number[] =>
      childrenOf(tool.pid)
        .filter((pid) => nameOf(pid) === "launch")
        .flatMap(childrenOf);
    await until("held", () => held().length > 0);
    for (const pid of held()) process.kill(pid, "SIGKILL");
    const { status, stderr } = await tool.ended;
    assert.equal(status, 137, stderr);
  });
});

describe("kill -9 of the tool", { concurrency: 4 }, () => {
  for (const args of [["-l"], ["--via", "counters"], ["--via", "perf"]]) {
    test(`takes its tracers along and leaves the target alone: ${args.join(" ")}`, async (t) => {
      const target = startTarget(t);
      const tool = startTool(t, ["-j", ...args, "0.2", "-p", String(target.pid)]);
      await tool.sees(FIRST_SAMPLE);
      const tracers = tracersOf(tool);
      assert.ok(tracers.length > 0);
      tool.process.kill("SIGKILL");
      await tool.ended;
      await allGone(tracers);
      assert.ok(!isGone(target.pid));
    });
  }

  test("lets a COMMAND that runs finish", async (t) => {
    const folder = await openFolder(t);
    const script = `for i in $(seq 3000); do [ -e ${folder}/go ] || sleep 0.1; done; echo done >${folder}/done`;
    const tool = startTool(t, ["-j", "0.2", "-o", `${folder}/rec`, "--", "sh", "-c", script]);
    await tool.sees(FIRST_SAMPLE);
    const tracers = tracersOf(tool);
    const all = descendantsOf(tool.pid);
    tool.process.kill("SIGKILL");
    await allGone(tracers);
    await writeFile(`${folder}/go`, "");
    await until("COMMAND finished", () => existsSync(`${folder}/done`));
    await allGone(all);
    await tool.ended;
  });
});

describe("a source that is killed ends the run: one line, what was measured, status 1", {
  concurrency: 4,
}, () => {
  for (const [name, args] of [
    ["bpftrace", []],
    ["perf", ["--via", "perf"]],
    ["faultcount", ["--via", "counters"]],
  ] as const) {
    test(name, async (t) => {
      const target = startForker(t);
      const tool = startTool(t, ["-j", ...args, "0.2", "-p", String(target.pid)]);
      await tool.sees(/"type":"sample".*"minor":[1-9]/);
      const tracers = tracersOf(tool);
      const victim = tracers.find((pid) => nameOf(pid) === name);
      assert.ok(victim !== undefined);
      process.kill(victim, "SIGKILL");
      const { status, stdout, stderr } = await tool.ended;
      const text = stderr.replace(/^pgfaultstat: perf stat counts .*\n/, "");
      assert.equal(text, `pgfaultstat: ${name} ended: killed by SIGKILL\n`);
      assert.equal(status, 1);
      const [summary] = summariesOf(stdout);
      const sum = samplesOf(stdout).reduce((total, sample) => total + Number(sample.minor), 0);
      assert.ok(sum > 0);
      assert.equal(summary?.minor, sum, "the samples add up to the summary");
      assert.deepEqual([summary?.endedBy, summary?.lost, summary?.untraced], ["failure", null, null]);
      assert.equal(recordsOf(stdout).filter(({ type }) => type === "error").length, 1);
      await allGone(tracers);
      assert.ok(!isGone(target.pid));
    });
  }

  test("COMMAND is unharmed and waited for", async (t) => {
    const folder = await openFolder(t);
    const script = `for i in $(seq 3000); do [ -e ${folder}/go ] || sleep 0.1; done; echo done >${folder}/done; exit 5`;
    const tool = startTool(t, ["-j", "0.2", "--", "sh", "-c", script]);
    await tool.sees(/"type":"start"/);
    for (const pid of tracersOf(tool)) if (nameOf(pid) === "bpftrace") process.kill(pid, "SIGKILL");
    await tool.sees(/"type":"summary"/);
    await writeFile(`${folder}/go`, "");
    const { status, stdout, stderr } = await tool.ended;
    assert.ok(existsSync(`${folder}/done`));
    assert.equal(stderr, "pgfaultstat: bpftrace ended: killed by SIGKILL\n");
    assert.equal(status, 1);
    for (const record of recordsOf(stdout)) assert.ok(Number(record.seconds ?? 0) >= 0, "time goes forward");
  });

  test("faultcount beside bpftrace: its counts go on, failed faults are unknown", async (t) => {
    const tool = startTool(t, ["-j", "0.2", "-p", startSleep(t)]);
    await tool.sees(FIRST_SAMPLE);
    const victim = tracersOf(tool).find((pid) => nameOf(pid) === "faultcount");
    if (victim === undefined) return t.skip("kernel: no counter beside bpftrace");
    process.kill(victim, "SIGKILL");
    await until("another sample", () => samplesOf(tool.printed().replace(/[^\n]*$/, "")).length > 3);
    tool.process.kill("SIGINT");
    const { status, stdout } = await tool.ended;
    assert.equal(status, 0);
    assert.equal(summariesOf(stdout)[0]?.failed, null);
  });
});
