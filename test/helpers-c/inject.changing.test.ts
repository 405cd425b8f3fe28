import assert from "node:assert/strict";
import { before, test } from "node:test";
import { helperPath, workloadPath } from "../../lib/paths.ts";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import { make, start, until, writable } from "./programs.ts";
import { userfaultfds } from "./victim.ts";

const inject = helperPath("inject");
const AGAIN = 20;

before(() => make());

/** Injects into a process that changes after so long; what inject said, and how the process ended. */
async function whileItChanges(how: string, afterMs: number) {
  const program = start(workloadPath("changing"), [how]);
  const { pid }: { pid: number } = JSON.parse((await program.line()) ?? "null");
  const injection = start(inject, [String(pid), "true"]).end;
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  writable(program, 0).write("x");
  const { code, stderr } = await injection;
  writable(program, 0).end();
  return { said: [code, stderr.replaceAll(String(pid), "PID")], end: await program.end };
}

const unharmed = { code: 0, signal: null, stderr: "" };
const injected = [0, ""];
const afterMs = (i: number): number => (40 * i) / AGAIN;

test("a process that enters seccomp while it is looked at is not killed for our calls", async () => {
  const refused = [
    1,
    "inject: process PID is under seccomp (Seccomp: 2), which may kill it for a system call that it does not expect\n",
  ];
  for (let i = 0; i < AGAIN; i++) {
    const { said, end } = await whileItChanges("seccomp", afterMs(i));
    assert.deepEqual(end, unharmed);
    assert.deepEqual(said, said[0] === 0 ? injected : refused);
  }
});

test("a vfork child that calls exec while it is looked at goes on with its program", async () => {
  const went = [4, "inject: process PID ended or called exec meanwhile\n"];
  for (let i = 0; i < AGAIN; i++) {
    const { said, end } = await whileItChanges("exec", afterMs(i));
    assert.deepEqual(end, unharmed);
    assert.deepEqual(said, said[0] === 0 ? injected : went);
  }
});

test("a vfork child that does not call exec: its parent's memory is not taken for its own", async () => {
  const program = start(workloadPath("changing"), ["exec"]);
  const { pid }: { pid: number } = JSON.parse((await program.line()) ?? "null");
  const { code, stderr } = await start(inject, [String(pid), "true"]).end;
  assert.equal(code, 1);
  assert.equal(
    stderr,
    `inject: process ${pid} cannot be stopped now: it runs in the memory of its parent, ${program.pid}\n`,
  );
  assert.deepEqual(userfaultfds(program.pid), []);
  writable(program, 0).write("x");
  writable(program, 0).end();
  assert.deepEqual(await program.end, unharmed);
});

test("a write that waits is not cut short", async () => {
  const program = start(workloadPath("blocked"), ["write"]);
  assert.match((await program.line()) ?? "", /ready/);
  await until("it waits", () => readPidStat(program.pid)?.state === "S");
  const end = await start(inject, [String(program.pid), "true"]).end;
  assert.deepEqual(end, {
    code: 1,
    signal: null,
    stderr: `inject: process ${program.pid} cannot be stopped now: it waits in a call that would end half done\n`,
  });
  writable(program, 0).write("x");
  const ended = JSON.parse((await program.line()) ?? "null");
  assert.deepEqual([ended.result, ended.error], [1 << 20, null]);
});
