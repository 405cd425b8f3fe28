import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { execa } from "execa";
import { helperPath } from "../../lib/paths.ts";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import { make, type Program, start, until } from "./programs.ts";
import { debuggerOf, pause32, python, READY, seccomp } from "./refusing.ts";
import { CannotRun } from "./section.ts";

const inject = helperPath("inject");

before(() => make("inject"));

/** What it says and how it ends for a process that it must not touch. */
async function refusal(pid: number | string): Promise<[number | null, string]> {
  const { code, stderr } = await start(inject, [String(pid), "true"]).end;
  return [code, stderr];
}

test("wrong usage is 2", async () => {
  assert.deepEqual(await start(inject, ["1"]).end, {
    code: 2,
    signal: null,
    stderr: "inject: usage: inject PID COMMAND [ARG...]\n",
  });
  const [code, stderr] = await refusal("1x");
  assert.deepEqual([code, stderr.endsWith("'1x'\n")], [2, true]);
});

test("a command that is not there is 127", async (t) => {
  const { pid } = await python(t, ...READY);
  const end = await start(inject, [String(pid), "/no/such/program"]).end;
  assert.equal(end.code, 127);
  assert.equal(end.stderr, "inject: cannot execute '/no/such/program': No such file or directory\n");
});

test("no such process", async () => {
  assert.deepEqual(await refusal(4_000_000), [1, "inject: no such process: 4000000\n"]);
});

test("a zombie", async (t) => {
  const { pid } = await python(
    t,
    "child = os.fork()",
    "child or os._exit(0)",
    "print(child, flush=True)",
    "time.sleep(1000)",
  );
  await until("it is a zombie", () => readPidStat(pid)?.state === "Z");
  assert.deepEqual(await refusal(pid), [1, `inject: process ${pid} is a zombie\n`]);
});

test("a kernel thread", async (t) => {
  if (!existsSync("/proc/2/stat") || !readFileSync("/proc/2/stat", "utf8").includes("(kthreadd)"))
    return t.skip("needs: the kernel's threads in /proc");
  assert.deepEqual(await refusal(2), [1, "inject: process 2 is a kernel thread\n"]);
});

test("a thread that is not the process's first", async (t) => {
  const { pid, program } = await python(
    t,
    "import threading",
    "thread = threading.Thread(target=time.sleep, args=(1000,))",
    "thread.start()",
    "print(thread.native_id, flush=True)",
  );
  assert.deepEqual(await refusal(pid), [1, `inject: ${pid} is a thread of process ${program.pid}\n`]);
});

test("a process under a debugger", async (t) => {
  const { pid } = await python(t, ...READY);
  const debug = await debuggerOf(t, pid);
  assert.deepEqual(await refusal(pid), [
    1,
    `inject: process ${pid} is traced by process ${debug.pid} (a debugger, strace)\n`,
  ]);
});

test("a process under seccomp", async (t) => {
  const { pid } = await seccomp(t);
  assert.deepEqual(await refusal(pid), [
    1,
    `inject: process ${pid} is under seccomp (Seccomp: 2), which may kill it for a system call that it does not expect\n`,
  ]);
});

test("a process that redirects its system calls", async (t) => {
  const { pid } = await python(
    t,
    "selector = ctypes.create_string_buffer(1)",
    "ctypes.CDLL(None).prctl(59, 1, 0, 0, ctypes.byref(selector)) and sys.exit(1)",
    ...READY,
  );
  const [code, stderr] = await refusal(pid);
  assert.equal(code, 1);
  assert.equal(stderr, `inject: process ${pid} redirects its system calls (PR_SET_SYSCALL_USER_DISPATCH)\n`);
  assert.equal(readPidStat(pid)?.state, "S");
});

test("a process that has a userfaultfd of its own", async (t) => {
  const { pid } = await python(t, ...READY);
  const holder = start(inject, [String(pid), "sleep", "1000"]);
  t.after(() => holder.process.kill("SIGKILL"));
  await until("it is sleep", () => readPidStat(holder.pid)?.comm === "sleep");
  assert.deepEqual(await refusal(holder.pid), [
    1,
    `inject: process ${holder.pid} uses userfaultfd itself (descriptor 3): a mapping can have only one\n`,
  ]);
});

test("a 32-bit process", async (t) => {
  let paused: Program;
  try {
    paused = await pause32(t);
  } catch (error) {
    if (error instanceof CannotRun) return t.skip(error.message);
    throw error;
  }
  assert.deepEqual(await refusal(paused.pid), [
    1,
    `inject: process ${paused.pid} is a 32-bit one: only 64-bit ones can be injected into\n`,
  ]);
});

test("a process that waits for its vfork child, until the child runs", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "inject-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const fifo = join(directory, "fifo");
  const { pid } = await python(
    t,
    `os.mkfifo("${fifo}")`,
    "print(os.getpid(), flush=True)",
    // the child opens the pipe before its exec, and that waits for a writer
    `os.posix_spawn("/bin/true", ["true"], {}, file_actions=[(os.POSIX_SPAWN_OPEN, 0, "${fifo}", os.O_RDONLY, 0)])`,
    "time.sleep(1000)",
  );
  await until("it waits", () => readPidStat(pid)?.state === "D");
  assert.deepEqual(await refusal(pid), [
    1,
    `inject: process ${pid} cannot be stopped now: its state is D (waits for a device, or for its vfork child)\n`,
  ]);
  writeFileSync(fifo, "");
  await until("it goes on", () => readPidStat(pid)?.state === "S");
  assert.deepEqual(await refusal(pid), [0, ""]);
});

/** What setpriv needs so that a command is nobody's, without any privilege. */
const NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"];

const mayEnter = async (): Promise<boolean> =>
  !(await execa("setpriv", [...NOBODY, "test", "-x", inject], { reject: false })).failed;

test("another user's process without privilege is 3", async (t) => {
  if (!(await mayEnter())) return t.skip("needs: a build directory that nobody may enter");
  const { pid } = await python(t, ...READY);
  const { code, stderr } = await start("setpriv", [...NOBODY, inject, String(pid), "true"]).end;
  assert.equal(code, 3);
  assert.equal(
    stderr,
    `inject: cannot trace process ${pid}: Permission denied (it is another user's, or has more privilege)\n`,
  );
});

test("a user without privilege may inject into his own process", async (t) => {
  if (!(await mayEnter())) return t.skip("needs: a build directory that nobody may enter");
  const own = start("setpriv", [...NOBODY, "sleep", "1000"]);
  t.after(() => own.process.kill("SIGKILL"));
  await until("it is sleep", () => readPidStat(own.pid)?.comm === "sleep");
  const { code, stderr } = await start("setpriv", [...NOBODY, inject, String(own.pid), "true"]).end;
  if (/ptrace_scope/.test(stderr)) return t.skip(`kernel: ${stderr.trim()}`);
  assert.deepEqual([code, stderr], [0, ""]);
});
