import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { workloadPath } from "../../lib/paths.ts";
import { type Program, start, until } from "./programs.ts";

/** A process that checks each word of its memory all the time, and says so. */
export interface Victim {
  program: Program;
  pid: number;
  /** Nothing of us is left in it, it makes progress, and its memory is whole. */
  assertUnharmed(): Promise<void>;
  end(): void;
}

/** Starts one: a pass every `periodMs`, every word checked each 64 passes. */
export async function victim(periodMs = 1): Promise<Victim> {
  const program = start(workloadPath("hot"), ["-n", "256", "-w", "100", "-p", String(periodMs)]);
  const lines = { pass: 0, check: 0, harm: 0 };
  assert.match((await program.line()) ?? "", /"type":"ready"/);
  void (async () => {
    for (let line = await program.line(); line !== null; line = await program.line()) {
      const type: keyof typeof lines = JSON.parse(line).type;
      lines[type]++;
    }
  })();
  const { pid } = program;
  return {
    program,
    pid,
    assertUnharmed: async () => {
      await untilReleased(pid);
      const { check } = lines;
      await until("its memory is whole", () => lines.check > check + 1);
      assert.equal(lines.harm, 0);
    },
    end: () => void program.process.kill("SIGKILL"),
  };
}

/** A mapping is write-protected by a userfaultfd (proc_pid_smaps(5), VmFlags). */
export const isRegistered = (pid: number): boolean =>
  / uw\b/.test(readFileSync(`/proc/${pid}/smaps`, "utf8"));

const isTraced = (pid: number): boolean => !/TracerPid:\t0/.test(readFileSync(`/proc/${pid}/status`, "utf8"));

/** The descriptors of a process that are userfaultfds. */
export const userfaultfds = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).filter((fd) => targetOf(`/proc/${pid}/fd/${fd}`).includes("userfaultfd"));

/** What a descriptor is of; nothing once it is closed. */
function targetOf(fd: string): string {
  try {
    return readlinkSync(fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/**
 * Waits until nothing of a scanner is left in a process. All at once: an injector whose starter
 * was killed goes on, and may begin between two looks.
 */
export async function untilReleased(pid: number): Promise<void> {
  const left = (): string[] => [
    ...(isTraced(pid) ? ["a tracer"] : []),
    ...(isRegistered(pid) ? ["a registration"] : []),
    ...userfaultfds(pid).map((fd) => `descriptor ${fd}`),
  ];
  await until(
    () => `nothing of a scanner is in ${pid}: ${left()}`,
    () => left().length === 0,
  );
}

/** A process's TracerPid, read as fast as can be. */
export function tracerOf(pid: number): { now(): number; close(): void } {
  const status = openSync(`/proc/${pid}/status`, "r");
  const buffer = Buffer.alloc(4096);
  return {
    now: () => {
      const text = buffer.toString("latin1", 0, readSync(status, buffer, 0, buffer.length, 0));
      return Number(/TracerPid:\t(\d+)/.exec(text)?.[1]);
    },
    close: () => closeSync(status),
  };
}
