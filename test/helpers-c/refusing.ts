import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { execa } from "execa";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import { type Program, start, until } from "./programs.ts";
import { CannotRun } from "./section.ts";

/** Processes that nothing may be injected into. */

/** Runs a Python program that prints a pid once it is ready; it is killed at the test's end. */
export async function python(t: TestContext, ...lines: string[]): Promise<{ pid: number; program: Program }> {
  const program = start("/usr/bin/python3", ["-c", ["import ctypes, os, sys, time", ...lines].join("\n")]);
  t.after(() => program.process.kill("SIGKILL"));
  const pid = Number(await program.line());
  return { pid, program };
}

export const READY = ["print(os.getpid(), flush=True)", "time.sleep(1000)"];

/** A debugger that has seized a process. */
export const debuggerOf = (t: TestContext, pid: number) =>
  python(t, `ctypes.CDLL(None).ptrace(0x4206, ${pid}, 0, 0) and sys.exit(1)`, ...READY);

/** A process with a seccomp filter of these instructions (struct sock_filter, 8 bytes each). */
const filtered = (t: TestContext, instructions: readonly number[], ...lines: string[]) =>
  python(
    t,
    "libc = ctypes.CDLL(None)",
    `program = ctypes.create_string_buffer(bytes(${JSON.stringify(instructions)}))`,
    "class Filter(ctypes.Structure): _fields_ = [('n', ctypes.c_ushort), ('code', ctypes.c_void_p)]",
    `filter = Filter(${instructions.length / 8}, ctypes.addressof(program))`,
    "libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(filter)) and sys.exit(1)",
    ...lines,
    ...READY,
  );

const ALLOW = [6, 0, 0, 0, 0, 0, 0xff, 0x7f]; // BPF_RET SECCOMP_RET_ALLOW

/** A filter that allows everything. */
export const seccomp = (t: TestContext) => filtered(t, ALLOW);

/** A filter that forbids userfaultfd (323 on x86-64) with EPERM. */
export const withoutUserfaultfd = (t: TestContext) =>
  filtered(
    t,
    [
      ...[0x20, 0, 0, 0, 0, 0, 0, 0], // BPF_LD: seccomp_data.nr
      ...[0x15, 0, 0, 1, 0x43, 1, 0, 0], // BPF_JEQ 323
      ...[6, 0, 0, 0, 1, 0, 5, 0], // BPF_RET SECCOMP_RET_ERRNO | EPERM
      ...ALLOW,
    ],
    "libc.syscall(323, 1) == -1 or sys.exit(1)",
  );

/** pause32: writes 16 pages again and again, by 32-bit system calls. */
const PAUSE32 = `
static char pages[65536];
void _start(void)
{
	int rest[2] = { 0, 10000000 };
	for (;;) {
		for (int at = 0; at < 65536; at += 4096)
			pages[at]++;
		asm volatile("int $0x80" :: "a"(162), "b"(rest), "c"(0) : "memory");
	}
}
`;

/** A 32-bit process. @throws CannotRun where there can be none */
export async function pause32(t: TestContext): Promise<Program> {
  const directory = mkdtempSync(join(tmpdir(), "pause32-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const program = join(directory, "pause32");
  writeFileSync(`${program}.c`, PAUSE32);
  const flags = ["-m32", "-static", "-nostdlib", "-fno-stack-protector", "-fno-pie", "-no-pie"];
  const built = await execa("gcc", [...flags, "-o", program, `${program}.c`], { reject: false });
  if (built.failed) throw new CannotRun("needs: a compiler for 32-bit programs");
  // execvp, which Node uses, would give it to a shell
  const exec = "import os, sys\ntry: os.execv(sys.argv[1], ['x'])\nexcept OSError as error: print(error)";
  const paused = start("/usr/bin/python3", ["-c", exec, program]);
  t.after(() => paused.process.kill("SIGKILL"));
  let ended = false;
  void paused.end.then(() => (ended = true));
  await until("it runs", () => ended || readPidStat(paused.pid)?.comm === "pause32");
  if (ended) throw new CannotRun(`kernel: ${await paused.line()}`);
  return paused;
}
