import assert from "node:assert/strict";
import { before, test } from "node:test";
import { execa } from "execa";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import { make, rest, start, until } from "../helpers-c/programs.ts";
import { childrenOf, isGone } from "./tool.ts";

const TOOL = ["--import", "tsx", `${ROOT}/scripts/pgfaultmap.ts`];

before(() => make());

const run = (...args: string[]) => execa("node", [...TOOL, ...args], { reject: false });

test("usage errors and targets that cannot be: one line, the right status, nothing on standard output", async () => {
  for (const [args, status, line] of [
    [[], 2, /no target: give -p PID, -g CGROUP, -a, or a command after --$/],
    [["-p", "abc"], 2, /'abc'/],
    [["-p", "4194000"], 1, /no such process$/],
    [["-p", "2"], 1, /kernel thread/],
    [["-d", "0", "-p", "1"], 2, /option '-d': '0' is invalid/],
    [["--"], 2, /no command after --$/],
    [["--no-such"], 2, /--no-such/],
    [["--html", "/no/such/directory/x.html", "--", "true"], 1, /cannot open '.*': no such directory$/],
    [["--stacks", "/no/such/directory/x", "--", "true"], 1, /cannot open '.*': no such directory$/],
    [["-s", "", "--", "true"], 2, /option '-s': '' is invalid: it is empty$/],
    [["--", "/no/such/program"], 127, /cannot run/],
    [["--", "/etc"], 126, /cannot run/],
  ] as const) {
    const { exitCode, stdout, stderr } = await run(...args);
    assert.equal(exitCode, status, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, line);
    assert.match(stderr, /^pgfaultmap: [^\n]*$/, stderr);
    assert.equal(stdout, "");
  }
});

test("COMMAND's status is passed on, its output goes to standard error, and every line is below 80 columns", async () => {
  const { exitCode, stdout, stderr } = await run("--", "sh", "-c", "echo hello; exit 7");
  assert.equal(exitCode, 7);
  assert.equal(stderr, "hello");
  assert.match(stdout, /the books balance exactly/);
  for (const line of stdout.split("\n")) assert.ok(line.length < 80, line);
});

test("Ctrl-C ends the recording, shows it, and is no failure; nothing of it stays behind", async () => {
  const target = start(workloadPath("walk"), ["1009", "1000000"]);
  try {
    const tool = start("node", [...TOOL, "-j", "-p", String(target.pid)]);
    const first = await tool.line();
    assert.match(first ?? "", /"type":"start"/);
    const recorders = childrenOf(tool.pid);
    assert.ok(recorders.length >= 1, "the recorder runs");
    tool.process.kill("SIGINT");
    const lines = await rest(tool);
    assert.match(lines.at(-1) ?? "", /"type":"summary".*"endedBy":"interrupt"/);
    assert.equal((await tool.end).code, 0);
    assert.deepEqual(
      recorders.filter((pid) => !isGone(pid)),
      [],
    );
  } finally {
    target.process.kill("SIGKILL");
  }
});

test("kill -9 of the tool ends the recorder and leaves the target alone", async () => {
  const target = start(workloadPath("walk"), ["1009", "1000000"]);
  target.process.stdout?.resume();
  try {
    const tool = start("node", [...TOOL, "-j", "-p", String(target.pid)]);
    await tool.line();
    const recorders = childrenOf(tool.pid);
    assert.ok(recorders.length >= 1);
    tool.process.kill("SIGKILL");
    await until("its children are gone", () => recorders.every(isGone));
    assert.equal(target.process.exitCode, null);
  } finally {
    target.process.kill("SIGKILL");
  }
});

test("a recorder that is killed: one line, what was recorded is shown, status 1, the target goes on", async () => {
  const target = start(workloadPath("walk"), ["1009", "1000000"]);
  target.process.stdout?.resume();
  try {
    const tool = start("node", [...TOOL, "-j", "-p", String(target.pid)]);
    await tool.line();
    const recorder = childrenOf(tool.pid).find((pid) => readPidStat(pid)?.comm === "faultrec");
    assert.ok(recorder);
    process.kill(recorder, "SIGKILL");
    const lines = await rest(tool);
    const { code, stderr } = await tool.end;
    assert.equal(code, 1);
    assert.match(stderr, /^pgfaultmap: [^\n]*killed by SIGKILL[^\n]*\n$/);
    const summary = JSON.parse(lines.at(-1) ?? "null");
    assert.deepEqual([summary.type, summary.endedBy, summary.lost], ["summary", "failure", null]);
    assert.equal(target.process.exitCode, null);
  } finally {
    target.process.kill("SIGKILL");
  }
});

test("nobody reads its output, or the disk is full: it ends in order", async () => {
  const piped = await execa(
    "sh",
    ["-c", 'node "$@" | head -1; echo done', "sh", ...TOOL, "-j", "--", "true"],
    { reject: false },
  );
  assert.match(piped.stdout, /"type":"start".*\ndone$/);
  assert.equal(piped.stderr, "");
  const full = await execa("sh", ["-c", 'exec node "$@" > /dev/full', "sh", ...TOOL, "--", "true"], {
    reject: false,
  });
  assert.equal(full.exitCode, 1);
  assert.match(full.stderr, /^pgfaultmap: cannot write to standard output: [^\n]*$/);
});
