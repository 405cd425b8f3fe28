import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { execa } from "execa";
import { workloadPath } from "../../lib/paths.ts";
import { lineReader, type Program, rest, start, writable } from "../helpers-c/programs.ts";
import { CannotRun, field } from "../helpers-c/section.ts";

/** One fault as perf recorded it. */
export interface RecordedFault {
  tid: number;
  major: boolean;
  address: number;
}

export interface RecordedWalk {
  /** All faults of the process in its section, in order of time. */
  faults: RecordedFault[];
  /** What the program printed of itself. */
  said: Record<string, unknown>;
}

/** `1234/1235  12.345678:  minor-faults:   7f0123456000`, of perf script -F pid,tid,time,event,addr. */
const SAMPLE = /^\s*(\d+)\/(\d+)\s+[\d.]+:\s+(minor|major)-faults:\s+([0-9a-f]+)/;

/** Runs `walks -w ARGS` and records the faults of its section, by perf alone; `file` is perf's recording. */
export async function recordWalk(args: string[], file: string): Promise<RecordedWalk> {
  const program = start(workloadPath("walks"), ["-w", ...args]);
  try {
    const ready = await program.line();
    if (ready === null) throw new CannotRun((await program.end).stderr.trim());
    const pid = Number(field(JSON.parse(ready), "pid"));
    const perf = await startPerf(pid, file);
    writable(program, 0).write("x");
    const done = await program.line();
    await perf.stop();
    if (done === null) throw new CannotRun((await program.end).stderr.trim());
    writable(program, 0).write("x");
    const [said] = await rest(program);
    assert.deepEqual(await program.end, { code: 0, signal: null, stderr: "" });
    return { faults: await readFaults(file, pid), said: JSON.parse(said ?? "null") };
  } finally {
    program.process.kill("SIGKILL"); // it waits for us where something went wrong
    rmSync(file, { force: true });
  }
}

/** perf record on a process, begun and ended at exact moments. */
export async function startPerf(
  pid: number,
  file: string,
  ...options: string[]
): Promise<{ stop(): Promise<void> }> {
  const events = ["-e", "minor-faults", "-e", "major-faults", "-c", "1", "-d", "-m", "2048"];
  const control = ["-D", "-1", "--control", "fd:3,4"];
  const perf: Program = start(
    "perf",
    ["record", "-o", file, ...control, ...events, ...options, "-p", String(pid)],
    5,
  );
  const acknowledged = lineReader(perf.process.stdio[4]);
  const command = async (text: string): Promise<void> => {
    writable(perf, 3).write(`${text}\n`);
    if ((await acknowledged()) === null) throw new Error(`perf ended: ${(await perf.end).stderr}`);
  };
  await command("enable");
  return {
    async stop() {
      await command("disable");
      perf.process.kill("SIGINT");
      await perf.end;
    },
  };
}

async function readFaults(file: string, pid: number): Promise<RecordedFault[]> {
  const { stdout } = await execa("perf", ["script", "-i", file, "-F", "pid,tid,time,event,addr"]);
  return stdout.split("\n").flatMap((line) => {
    const [, process, tid, kind, address] = SAMPLE.exec(line) ?? [];
    if (Number(process) !== pid) return [];
    return [{ tid: Number(tid), major: kind === "major", address: Number.parseInt(address ?? "", 16) }];
  });
}
