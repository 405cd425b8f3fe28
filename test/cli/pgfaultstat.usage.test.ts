import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { ROOT } from "../../lib/paths.ts";
import { isGone, openFolder, runTool, start, startTarget, TOOL_BY_NPX, until } from "./tool.ts";

/** Refused with this status, in one line on standard error, with nothing on standard output. */
async function isRefused(
  t: TestContext,
  args: readonly string[],
  status: number,
  message: RegExp,
): Promise<void> {
  const outcome = await runTool(t, args);
  const what = args.join(" ");
  assert.match(outcome.stderr, /^pgfaultstat: [^\n]+\n$/, what);
  assert.match(outcome.stderr, message, what);
  assert.doesNotMatch(outcome.stderr, /\.\n$| {2}at /, `${what}: no full stop, no stack`);
  assert.equal(outcome.stdout, "", what);
  assert.equal(outcome.status, status, what);
}

const SELF = String(process.pid);

describe("a usage error is one line that names the option, the value and the rule", {
  concurrency: 4,
}, () => {
  const cases: [string[], RegExp][] = [
    [["-p", SELF, "0"], /interval: '0' is invalid: give 0\.01 to \d+ seconds/],
    [["-p", SELF, "NaN"], /interval: 'NaN' is invalid: not a number of seconds/],
    [["-p", SELF, "1e9"], /interval: '1e9' is invalid: not a number/],
    [["-p", SELF, "0x10"], /interval: '0x10' is invalid/],
    [["-p", SELF, ""], /interval: '' is invalid/],
    [["-p", SELF, "1", "0"], /count: '0' is invalid: give a whole number/],
    [["-p", SELF, "1", "1.5"], /count: '1\.5' is invalid/],
    [["-p", SELF, "1", "1", "1"], /too many arguments: expected 2 .* got 3: a command goes after --$/m],
    [["-p", "abc"], /option '-p': 'abc' is invalid: 'abc' is not a process id/],
    [["-p", ""], /option '-p': '' is invalid/],
    [["-p", "1,,2"], /option '-p': '1,,2' is invalid: '' is not a process id/],
    [["-p", "1\n2\u001b[31m"], /option '-p': '1\?2\?\[31m' is invalid/],
    [["-p"], /option '-p, --pid <PID\[,PID\]>' argument missing/],
    [["--via", "magic", "-a"], /option '--via': 'magic' is invalid: give one of auto, bpftrace/],
    [["-g", ""], /option '-g': '' is invalid: it is empty/],
    [["-p", SELF, "--csv", ""], /option '--csv': '' is invalid/],
    [["--jsn", "-p", SELF], /unknown option '--jsn' \(Did you mean --json\?\)/],
    [[], /no target: give -p PID/],
    [["-p", SELF, "-a"], /more than one target/],
    [["-p", SELF, "--", "true"], /more than one target/],
    [["--"], /no command after --/],
    [["-l", "--via", "proc", "-p", SELF], /-l cannot be had --via proc: latency needs eBPF/],
  ];
  for (const [args, message] of cases) {
    test(JSON.stringify(args.map((arg) => (arg === SELF ? "PID" : arg)).join(" ")), (t) =>
      isRefused(t, args, 2, message),
    );
  }
});

describe("what cannot be traced is refused with the reason, status 1", { concurrency: 4 }, () => {
  test("a process that does not exist", async (t) => {
    const target = startTarget(t, ["true"]);
    await target.ended;
    await isRefused(t, ["-p", String(target.pid)], 1, /cannot trace pid \d+: no such process/);
  });

  test("a zombie, even one whose name would drive the terminal", async (t) => {
    // it lives until its parent has become a sleep, which never asks for its status
    const wait = "until grep -q sleep /proc/$$/comm; do sleep 0.05; done";
    const script = `printf 'z\\033[31m\\n)' >/proc/self/comm; (echo $BASHPID; ${wait}) & exec sleep 1000`;
    const parent = startTarget(t, ["bash", "-c", script]);
    await parent.sees(/^\d+\n/);
    const zombie = Number.parseInt(parent.printed(), 10);
    await until("a zombie", () => isGone(zombie));
    await isRefused(t, ["-p", String(zombie)], 1, /cannot trace pid \d+: '.*' is a zombie/);
  });

  test("a kernel thread", async (t) => {
    await isRefused(t, ["-p", "2"], 1, /cannot trace pid 2: 'kthreadd' is a kernel thread/);
  });

  test("a thread of a process, which is named instead", async (t) => {
    const target = startTarget(t, [process.execPath, "-e", "setInterval(() => {}, 1e6); console.log('up')"]);
    await target.sees(/up/);
    const thread = readdirSync(`/proc/${target.pid}/task`).find((tid) => tid !== String(target.pid));
    const hint = new RegExp(
      `cannot trace pid ${thread}: it is a thread of process ${target.pid}: give -p ${target.pid}\\s*$`,
    );
    await isRefused(t, ["-p", String(thread)], 1, hint);
  });

  test("a cgroup that is none", async (t) => {
    await isRefused(t, ["-g", "/no/such/cgroup"], 1, /cannot open cgroup '\/no\/such\/cgroup'/);
  });

  test("of several processes the one that is gone", async (t) => {
    const target = startTarget(t, ["true"]);
    await target.ended;
    await isRefused(t, ["-p", `${SELF},${target.pid}`], 1, new RegExp(`pid ${target.pid}: no such process`));
  });
});

test("the help has examples and fits 80 columns, also through npx", async (t) => {
  const [direct, npx] = await Promise.all([runTool(t, ["-h"]), start(t, [...TOOL_BY_NPX, "--help"]).ended]);
  for (const { status, stdout, stderr } of [direct, npx]) {
    assert.equal(status, 0);
    assert.equal(stderr, "");
    assert.match(stdout, /^Usage: pgfaultstat \[options\] \[interval \[count\]\] \[-- COMMAND\.\.\.\]\n/);
    assert.match(stdout, /\nExamples:\n {2}pgfaultstat -p /);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
  }
  assert.equal(npx.stdout, direct.stdout);
});

test("--version prints the version of package.json", async (t) => {
  const { status, stdout } = await runTool(t, ["--version"]);
  const { default: manifest } = await import(`${ROOT}/package.json`, { with: { type: "json" } });
  assert.equal(stdout, `${manifest.version}\n`);
  assert.equal(status, 0);
});

test("a usage error touches no file: what stood there before still stands", async (t) => {
  const folder = await openFolder(t);
  await isRefused(
    t,
    ["-p", SELF, "--csv", `${folder}/a.csv`, "--html", `${folder}/a.html`, "0"],
    2,
    /interval/,
  );
  assert.deepEqual(readdirSync(folder), []);
});
