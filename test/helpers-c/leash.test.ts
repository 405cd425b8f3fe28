import assert from "node:assert/strict";
import { before, test } from "node:test";
import { helperPath } from "../../lib/paths.ts";
import { isDead, readPidStat } from "../../lib/procfs/pid-stat.ts";
import { make, start, until } from "./programs.ts";

const leash = helperPath("leash");
const me = String(process.pid);

before(() => make("leash"));

const runs = (pid: number, name: string): boolean => readPidStat(pid)?.comm === name;

function isGone(pid: number): boolean {
  const stat = readPidStat(pid);
  return stat === null || isDead(stat);
}

/** A shell that starts its script's command in the background, says its pid and waits. */
async function shellWithChild(script: string): Promise<{ kill(): void; child: number }> {
  const shell = start("sh", ["-c", `${script} & echo $!; wait`, "sh", leash]);
  const child = Number(await shell.line());
  return { child, kill: () => shell.process.kill("SIGKILL") };
}

test("a command on the leash ends when its parent is killed", async () => {
  const shell = await shellWithChild('"$1" $$ sleep 1000');
  await until("sleep runs", () => runs(shell.child, "sleep"));
  shell.kill();
  await until("sleep is gone", () => isGone(shell.child));
});

test("an inherited SIG_IGN does not loosen the leash", async () => {
  const shell = await shellWithChild('trap "" TERM; "$1" $$ sleep 1000');
  await until("sleep runs", () => runs(shell.child, "sleep"));
  shell.kill();
  await until("sleep is gone", () => isGone(shell.child));
});

test("-s KILL ends even a command that ignores SIGTERM", async () => {
  const shell = await shellWithChild(`"$1" -s KILL $$ sh -c 'trap "" TERM; exec sleep 1000'`);
  await until("sleep runs", () => runs(shell.child, "sleep"));
  shell.kill();
  await until("sleep is gone", () => isGone(shell.child));
});

test("the command's exit status is the leash's", async () => {
  const end = await start(leash, [me, "sh", "-c", "exit 7"]).end;
  assert.deepEqual(end, { code: 7, signal: null, stderr: "" });
});

test("nothing is started, and nothing said, when the parent has gone already", async () => {
  const program = start(leash, [String(process.ppid), "echo", "started"]);
  assert.equal(await program.line(), null);
  assert.deepEqual(await program.end, { code: 1, signal: null, stderr: "" });
});

test("a command that is not there is 127, one that is no program 126, each with one line", async () => {
  const missing = await start(leash, [me, "/no/such/program"]).end;
  assert.equal(missing.code, 127);
  assert.equal(missing.stderr, "leash: cannot execute '/no/such/program': No such file or directory\n");
  const directory = await start(leash, [me, "/etc"]).end;
  assert.equal(directory.code, 126);
  assert.equal(directory.stderr, "leash: cannot execute '/etc': Permission denied\n");
});

test("wrong usage is 2 and names the value", async () => {
  const end = await start(leash, ["1x", "true"]).end;
  assert.equal(end.code, 2);
  assert.match(end.stderr, /PARENT_PID .*'1x'\n$/);
  assert.equal((await start(leash, ["-s", "NOSIG", me, "true"]).end).code, 2);
  assert.equal((await start(leash, [me]).end).code, 2);
});
