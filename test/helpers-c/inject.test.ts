import assert from "node:assert/strict";
import { before, test } from "node:test";
import { helperPath, workloadPath } from "../../lib/paths.ts";
import { isDead, readPidStat } from "../../lib/procfs/pid-stat.ts";
import { type End, make, type Program, start, until, writable } from "./programs.ts";
import { field } from "./section.ts";
import { userfaultfds } from "./victim.ts";

const inject = helperPath("inject");
const AGAIN = 10;

before(() => make());

/** Injects, and runs a command with what that gave. */
const into = (pid: number, ...command: string[]): Promise<End> =>
  start(inject, [String(pid), ...(command.length === 0 ? ["true"] : command)]).end;

const done: End = { code: 0, signal: null, stderr: "" };

async function json(program: Program): Promise<Record<string, unknown>> {
  return JSON.parse((await program.line()) ?? "null");
}

/** Starts a process that waits in this call, and waits until it does. */
async function blocked(call: string): Promise<Program> {
  const program = start(workloadPath("blocked"), [call]);
  assert.equal(field(await json(program), "call"), call);
  if (call !== "storm") await until(`it sleeps in ${call}`, () => readPidStat(program.pid)?.state === "S");
  return program;
}

for (const call of [
  "read",
  "futex",
  "futex-timed",
  "epoll",
  "epoll-timed",
  "poll",
  "ppoll",
  "select",
  "sigwait",
  "semop",
  "accept",
  "flock",
  "wait",
]) {
  test(`a process that waits in ${call} sees neither an EINTR nor a lost wake-up`, async () => {
    const program = await blocked(call);
    for (let i = 0; i < AGAIN; i++) assert.deepEqual(await into(program.pid), done);
    assert.deepEqual(userfaultfds(program.pid), []);
    writable(program, 0).write("x");
    const ended = await json(program);
    const woken = { read: 1, epoll: 1, "epoll-timed": 1, poll: 1, ppoll: 1, select: 1, sigwait: 10 };
    assert.equal(ended.error, null);
    assert.equal(ended.result, new Map(Object.entries(woken)).get(call) ?? 0);
    assert.equal(ended.handled, 0);
    assert.deepEqual(await program.end, done);
  });
}

test("a sleep lasts as long as it was meant to", async () => {
  const program = await blocked("nanosleep");
  let injected = 0;
  while (injected < 5) {
    const end = await into(program.pid);
    const stat = readPidStat(program.pid);
    if (end.code !== 0 && (stat === null || isDead(stat))) break; // injecting took longer than its sleep
    assert.deepEqual(end, done);
    injected++;
  }
  assert.ok(injected > 0);
  const ended = await json(program);
  assert.deepEqual([ended.result, ended.error], [0, null]);
  assert.ok(Number(ended.elapsedNs) >= 2.5e9, String(ended.elapsedNs));
});

for (const call of ["handler", "sigsuspend"]) {
  test(`a signal's handler still ends ${call} with EINTR, once`, async () => {
    const program = await blocked(call);
    for (let i = 0; i < AGAIN; i++) assert.deepEqual(await into(program.pid), done);
    writable(program, 0).write("x");
    const ended = await json(program);
    assert.deepEqual([ended.result, ended.error, ended.handled], [-1, "EINTR", 1]);
  });
}

test("queued signals that arrive all the while are handled, each once", async () => {
  const program = await blocked("storm");
  writable(program, 0).write("x");
  for (let i = 0; i < 5 * AGAIN; i++) assert.deepEqual(await into(program.pid), done);
  writable(program, 0).end();
  const ended = await json(program);
  assert.deepEqual([ended.result, ended.error], [0, null]);
  assert.ok(Number(ended.handled) > 1000, String(ended.handled));
});

test("a command gets the userfaultfd at 3 and the pidfd at 4, and how long the process stood still", async () => {
  const program = await blocked("read");
  const seen = start(inject, [
    String(program.pid),
    "sh",
    "-c",
    "readlink /proc/$$/fd/[34]; echo $INJECT_STOPPED_NS",
  ]);
  const lines: string[] = [];
  for (let line = await seen.line(); line !== null; line = await seen.line()) lines.push(line);
  assert.deepEqual(lines.slice(0, 2), ["anon_inode:[userfaultfd]", "anon_inode:[pidfd]"]);
  assert.ok(Number(lines[2]) > 0);
  program.process.kill();
});

test("a stopped process stays stopped, and goes on when it is continued", async () => {
  const program = await blocked("epoll-timed");
  program.process.kill("SIGSTOP");
  await until("it is stopped", () => readPidStat(program.pid)?.state === "T");
  for (let i = 0; i < AGAIN; i++) assert.deepEqual(await into(program.pid), done);
  await until("it is stopped again", () => readPidStat(program.pid)?.state === "T");
  program.process.kill("SIGCONT");
  await until("it waits again", () => readPidStat(program.pid)?.state === "S");
  writable(program, 0).write("x");
  const ended = await json(program);
  // epoll_wait itself says EINTR after a stop, as signal(7) has it: that one is not ours
  assert.ok(ended.result === 1 || ended.error === "EINTR", JSON.stringify(ended));
});

test("a restartable sequence that it interrupts does not commit: it begins again", async (t) => {
  const program = start(workloadPath("sequence"), []);
  const first = await program.line();
  if (first === null) return t.skip(`kernel: ${(await program.end).stderr}`);
  for (let i = 0; i < AGAIN; i++) assert.deepEqual(await into(program.pid), done);
  writable(program, 0).write("x");
  assert.deepEqual(await program.end, done);
});
