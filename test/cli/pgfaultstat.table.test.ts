import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { bookLines } from "../../lib/fault/stat/books-text.ts";
import type { SummaryRecord } from "../../lib/metric/record.ts";
import {
  onlyPrograms,
  type Running,
  runTool,
  start,
  startForker,
  startSleep,
  startTarget,
  TOOL,
} from "./tool.ts";

const ESCAPE = "\u001b";
const HEADER = /PID +(TID +)?minflt\/s/g;
const headersOf = (text: string): number => text.match(HEADER)?.length ?? 0;

/** Runs the tool on a terminal of its own: script(1) of util-linux gives it one. */
function onTerminal(
  t: TestContext,
  args: readonly string[],
  { size = "rows 24 cols 80", env = {} }: { size?: string; env?: NodeJS.ProcessEnv } = {},
): Running {
  const words = [...TOOL, ...args].map((word) => `'${word}'`).join(" ");
  return start(t, ["script", "-qec", `stty ${size}; exec ${words}`, "/dev/null"], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, TERM: "xterm", NO_COLOR: "", ...env },
  });
}

describe("on a terminal", { concurrency: 4 }, () => {
  test("the header is bold and comes again after a screenful; what is traced is said", async (t) => {
    const args = ["--via", "proc", "0.05", "14", "-p", startSleep(t)];
    const { status, stdout } = await onTerminal(t, args, { size: "rows 8 cols 80" }).ended;
    assert.equal(status, 0);
    assert.match(stdout, /^pgfaultstat: tracing pid \d+ via proc, Ctrl-C to end\r\n/);
    assert.ok(stdout.includes(`${ESCAPE}[1m    PID`));
    assert.equal(headersOf(stdout), 3, "14 rows, 6 under each header");
  });

  for (const [name, env, args] of [
    ["NO_COLOR", { NO_COLOR: "1" }, []],
    ["TERM=dumb", { TERM: "dumb" }, []],
    ["--color never", {}, ["--color", "never"]],
  ] as const) {
    test(`${name}: no colour`, async (t) => {
      const all = ["--via", "proc", ...args, "0.1", "1", "-p", startSleep(t)];
      const { status, stdout } = await onTerminal(t, all, { env }).ended;
      assert.equal(status, 0);
      assert.ok(!stdout.includes(ESCAPE), stdout);
    });
  }

  test("--color always is stronger than NO_COLOR", async (t) => {
    const args = ["--via", "proc", "--color", "always", "0.1", "1", "-p", startSleep(t)];
    const { stdout } = await onTerminal(t, args, { env: { NO_COLOR: "1" } }).ended;
    assert.ok(stdout.includes(`${ESCAPE}[1m`));
  });

  for (const size of ["rows 24 cols 20", "rows 1 cols 1"]) {
    test(`one of ${size} does no harm`, async (t) => {
      const args = ["--via", "proc", "0.05", "5", "-p", startSleep(t)];
      const { status, stdout } = await onTerminal(t, args, { size }).ended;
      assert.equal(status, 0);
      assert.match(stdout, /Average:/);
      assert.ok(headersOf(stdout) <= 5, "a header has at least one row");
    });
  }

  test("Ctrl-C typed there ends the run with its summary, status 0", async (t) => {
    const tool = onTerminal(t, ["0.2", "-p", startSleep(t)]);
    await tool.sees(/ sleep\r\n/);
    tool.process.stdin?.write("\u0003");
    const { status, stdout } = await tool.ended;
    assert.match(stdout, /Average:/);
    assert.equal(status, 0);
  });

  test("Ctrl-C typed there while a COMMAND runs: status 130, after the summary", async (t) => {
    const tool = onTerminal(t, ["0.2", "--", "sleep", "1000"]);
    await tool.sees(/ sleep\r\n/);
    tool.process.stdin?.write("\u0003");
    const { status, stdout } = await tool.ended;
    assert.match(stdout, /Average:/);
    assert.equal(status, 130);
  });
});

describe("in a file or pipe", { concurrency: 4 }, () => {
  test("no colour, the header once, nothing on standard error; `0.05 30` is 30 rows and an average", async (t) => {
    const pid = startSleep(t);
    const { status, stdout, stderr } = await runTool(t, ["--via", "proc", "0.05", "30", "-p", pid]);
    assert.equal(status, 0);
    assert.equal(stderr, "");
    assert.ok(!stdout.includes(ESCAPE));
    assert.equal(headersOf(stdout), 1);
    const rows = stdout.split("\n").filter((line) => line.trimStart().startsWith(`${pid} `));
    assert.equal(rows.length, 31);
  });

  for (const via of ["bpftrace", "counters", "perf"]) {
    test(`\`0.2 3\` is three rows of a process that does nothing, --via ${via}`, async (t) => {
      const pid = startSleep(t);
      const { stdout } = await runTool(t, ["--via", via, "0.2", "3", "-p", pid]);
      const [rows = "", rest = ""] = stdout.split("Average:\n");
      assert.equal(rows.trimEnd().split("\n").length, 1 + 3);
      assert.match(rest, new RegExp(`^ +${pid} .* sleep\n`));
    });
  }

  test("--color always: codes", async (t) => {
    const { stdout } = await runTool(t, [
      "--via",
      "proc",
      "--color",
      "always",
      "0.1",
      "1",
      "-p",
      startSleep(t),
    ]);
    assert.ok(stdout.startsWith(`${ESCAPE}[1m`));
  });
});

describe("every line of every table stays under 80 columns", { concurrency: 4 }, () => {
  for (const { args, clock } of [
    { args: ["-T", "-l", "-t"], clock: /^\d\d:\d\d:\d\d +\d+ / }, // more has no room
    { args: ["-T", "-l", "-f", "--types"], clock: /^\d\d:\d\d:\d\d\.\d +\d+ / },
    { args: ["-T", "-t"], clock: /^\d\d:\d\d:\d\d\.\d +\d+ / },
  ]) {
    test(args.join(" "), async (t) => {
      const target = startForker(t);
      const { status, stdout } = await runTool(t, [...args, "0.2", "3", "-p", String(target.pid)]);
      assert.equal(status, 0);
      for (const line of stdout.split("\n")) assert.ok(line.length < 80, line);
      const [header = "", first = ""] = stdout.split("\n");
      assert.match(header, /^TIME +PID /);
      assert.match(first, clock);
    });
  }

  test("-a -T -l -t, with names of every length and a fallback's books", async (t) => {
    startTarget(t, [
      "bash",
      "-c",
      "printf 'fifteen-letters' >/proc/self/comm; while :; do (:); sleep 0.02; done",
    ]);
    const env = await onlyPrograms(t, []);
    const runs = await Promise.all([
      runTool(t, ["-a", "-T", "-l", "-t", "0.3", "2"]),
      runTool(t, ["-a", "-T", "-l", "-n", "3", "0.3", "2"], { env }),
    ]);
    for (const { status, stdout } of runs) {
      assert.equal(status, 0);
      for (const line of stdout.split("\n")) assert.ok(line.length < 80, line);
    }
  });

  test("that of busy books too", () => {
    const summary: SummaryRecord = {
      type: "summary",
      time: 0,
      pid: 1,
      comm: "busy",
      seconds: 1,
      minor: 1234,
      major: 0,
      failed: 0,
      untraced: 0,
      lost: 0,
      kernelMinor: 123_456_789,
      kernelMajor: 1_234_567,
      edge: 1_234_567,
      unexplained: 0,
      exited: false,
      endedBy: "count",
      exitStatus: null,
    };
    for (const line of bookLines(summary)) assert.ok(line.length < 80, line);
  });
});
