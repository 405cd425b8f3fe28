import assert from "node:assert/strict";
import { ACCESSES, accessOf } from "../../lib/fault/types.ts";
import { helperPath, workloadPath } from "../../lib/paths.ts";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import { attachRecorder } from "../../lib/source/faultrec/attach.ts";
import type { FaultBatch } from "../../lib/source/stream/batch.ts";
import { FAULT } from "../../lib/source/stream/batch.ts";
import type { EntryTally, FaultEvent, ReadyEvent, Tally } from "../../lib/source/stream/event.ts";
import type {
  AttachRecorder,
  FaultSink,
  Recorder,
  RecorderOptions,
} from "../../lib/source/stream/recorder.ts";
import { countFaults, type Traced } from "../helpers-c/perf.ts";
import { lineReader, type Program, rest, start, writable } from "../helpers-c/programs.ts";
import { field } from "../helpers-c/section.ts";

/** What was recorded, by process; cheap enough for a million faults. */
export interface Tale {
  minor: number;
  major: number;
  /** Faults by process, and by thread. */
  byPid: Map<number, number>;
  byTid: Map<number, number>;
  pages: Set<number>;
  /** Faults that are older than one told before them. */
  outOfOrder: number;
  /** Faults with a latency above 0. */
  timed: number;
  /** Faults by what their access was. */
  accesses: Record<string, number>;
  events: FaultEvent[];
  end: { minor: Tally; major: Tally; lostOthers: number; entries: EntryTally | null };
  ready: ReadyEvent;
}

/** A program seen at once by the recorder, by perf stat and by the kernel's counters. */
export interface Seen extends Tale {
  pid: number;
  child: number;
  perf: Traced;
  kernel: { minor: number; major: number };
  said: unknown;
}

const add = (counts: Map<number, number>, key: number): void =>
  void counts.set(key, (counts.get(key) ?? 0) + 1);

type Draft = Omit<Tale, "end" | "ready"> & { last: number };

const newDraft = (): Draft => ({
  minor: 0,
  major: 0,
  byPid: new Map(),
  byTid: new Map(),
  pages: new Set(),
  outOfOrder: 0,
  timed: 0,
  accesses: {},
  events: [],
  last: Number.NEGATIVE_INFINITY,
});

function take(draft: Draft, batch: FaultBatch): void {
  for (let i = 0; i < batch.count; i++) {
    if (((batch.flags[i] ?? 0) & FAULT.major) !== 0) draft.major++;
    else draft.minor++;
    add(draft.byPid, batch.pid[i] ?? 0);
    add(draft.byTid, batch.tid[i] ?? 0);
    if (Number(batch.latency?.[i]) > 0) draft.timed++;
    const access = ACCESSES[accessOf(batch.flags[i] ?? 0)] ?? "unknown";
    draft.accesses[access] = (draft.accesses[access] ?? 0) + 1;
    draft.pages.add(batch.page[i] ?? 0);
    const time = batch.time[i] ?? 0;
    if (time < draft.last) draft.outOfOrder++;
    draft.last = time;
  }
}

export interface Listening {
  recorder: Recorder;
  /** After the recorder's end. */
  tale(): Tale;
}

/** What to record, and which recorder does it (faultrec). */
type Recording = Omit<RecorderOptions, "scope"> & {
  pids: number[];
  follow?: boolean;
  attach?: AttachRecorder;
};

/** Records into a tale. */
export async function listen({
  attach = attachRecorder,
  pids,
  follow = false,
  ...options
}: Recording): Promise<Listening> {
  const draft = newDraft();
  const sink: FaultSink = {
    faults: (batch) => take(draft, batch),
    event: (event) => void draft.events.push(event),
  };
  const recorder = await attach({ ...options, scope: { kind: "pids", pids, follow } }, sink);
  return {
    recorder,
    tale: () => {
      const end = draft.events.at(-1);
      assert.ok(end?.type === "end", `the recording ends with ${JSON.stringify(end)}`);
      return { ...draft, end, ready: recorder.ready };
    },
  };
}

/** A workload that could not run, with its reason. */
export class CannotRun extends Error {}

export type Options = Omit<Recording, "pids">;

/** Records the section of `workload -w ARGS` between its idle edges; `who` is recorded. */
export async function recordSection(
  workload: string,
  args: string[],
  options: Options = {},
  who: "pid" | "child" = "pid",
): Promise<Seen> {
  const program = start(workloadPath(workload), ["-w", ...args]);
  try {
    const ready = await program.line();
    if (ready === null) throw new CannotRun((await program.end).stderr.trim());
    const state: unknown = JSON.parse(ready);
    const [pid, child] = [Number(field(state, "pid")), Number(field(state, "child"))];
    const target = who === "pid" ? pid : child;
    const counting = await countFaults(target);
    const listening = await listen({ ...options, pids: [target] });
    const before = countersOf(target);
    writable(program, 0).write("x");
    const done = await program.line();
    if (done !== '{"state":"done"}') throw new CannotRun((await program.end).stderr.trim());
    const after = countersOf(target);
    await listening.recorder.stop();
    const perf = await counting.stop();
    writable(program, 0).write("x");
    const [said] = await rest(program);
    const kernel = { minor: after.minor - before.minor, major: after.major - before.major };
    return { ...listening.tale(), pid, child, perf, kernel, said: JSON.parse(said ?? "null") };
  } finally {
    program.process.kill("SIGKILL");
  }
}

/** Records a command from before its first instruction to its end, which ends the recorder too. */
export async function recordHeld(command: string[], options: Options = {}): Promise<Seen> {
  const launcher = start(helperPath("launch"), ["--", ...command], 5);
  try {
    return await recordRun(launcher, options);
  } finally {
    launcher.process.kill("SIGKILL");
  }
}

async function recordRun(launcher: Program, options: Options): Promise<Seen> {
  const report = lineReader(launcher.process.stdio[4]);
  const pid = Number(/^held (\d+)$/.exec((await report()) ?? "")?.[1]);
  launcher.process.stdout?.resume();
  const before = countersOf(pid);
  const counting = await countFaults(pid);
  const listening = await listen({ ...options, pids: [pid] });
  writable(launcher, 3).write("g");
  assert.equal(await report(), "running");
  const [, minor = 0, major = 0] = ((await report()) ?? "").split(" ").slice(1).map(Number);
  await listening.recorder.ended;
  const perf = await counting.stop();
  writable(launcher, 3).end();
  await launcher.end;
  const kernel = { minor: minor - before.minor, major: major - before.major };
  return { ...listening.tale(), pid, child: 0, perf, kernel, said: null };
}

function countersOf(pid: number): { minor: number; major: number } {
  const stat = readPidStat(pid);
  assert.ok(stat, `process ${pid} has gone`);
  return stat;
}
