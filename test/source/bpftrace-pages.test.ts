import assert from "node:assert/strict";
import { test } from "node:test";
import { PagesDecoder } from "../../lib/source/bpftrace/pages/decoder.ts";
import { type PagesLine, parsePagesLine } from "../../lib/source/bpftrace/pages/line.ts";
import { StepClock } from "../../lib/source/bpftrace/pages/step-clock.ts";
import { FAULT } from "../../lib/source/stream/batch.ts";
import { fixture, parsesHoweverCut } from "./cuts.ts";

const RECORDED = "bpftrace-0.17/pages.txt";
const STEP = 100;

/** A row as [pid, page, "minor" or "major", times, time], an event as its words. */
type Told = [number, number, string, number, number] | string;

/** What a decoder makes of lines; `end` is null where bpftrace was told to end. */
function decode(lines: readonly string[], died: string | null = null, except: readonly number[] = []) {
  const told: Told[] = [];
  const begun: number[] = [];
  let lost: number | null = null;
  const decoder = new PagesDecoder(
    {
      ...{ monotonicNs: 1000, stepNs: STEP, except: new Set(except), now: () => 1300 },
      onExec: (pid) => begun.push(pid),
      commOf: (pid) => `name of ${pid}`,
    },
    {
      faults: ({ count, pid, page, flags, repeats, time }) => {
        for (let i = 0; i < count; i++) {
          const kind = (flags[i] ?? 0) & FAULT.major ? "major" : "minor";
          told.push([pid[i] ?? 0, page[i] ?? 0, kind, repeats?.[i] ?? 0, time[i] ?? 0]);
        }
      },
      event: (event) => {
        if (event.type === "fork") told.push(`fork ${event.parentPid} ${event.pid}`);
        else if (event.type === "comm") told.push(`exec ${event.pid} ${event.comm}`);
        else if (event.type === "exit") told.push(`exit ${event.pid}`);
        else if (event.type === "damaged") told.push(`damaged: ${event.reason}`);
        else if (event.type === "end") lost = event.minor.lost + event.major.lost;
      },
    },
  );
  for (const line of lines) decoder.line(line);
  decoder.end(died);
  return { told, begun, lost };
}

test("what bpftrace printed gives the same lines wherever it is cut, and every fault is on a page", () => {
  const lines = parsesHoweverCut(fixture(RECORDED), parsePagesLine);
  const pages = lines.filter((line) => line.type === "page");
  const total = lines.find((line) => line.type === "scalar" && line.name === "@minor");
  assert.equal(
    pages.reduce((sum, { times }) => sum + times, 0),
    total?.type === "scalar" ? total.value : null,
  );
  const kinds = (type: PagesLine["type"]): number => lines.filter((line) => line.type === type).length;
  assert.deepEqual([kinds("fork"), kinds("exec"), kinds("exit")], [2, 2, 3]);
});

test("what bpftrace printed of a shell: two children, one of which becomes ls, and nothing lost", () => {
  const { told, lost } = decode(fixture(RECORDED).toString().split("\n"));
  const events = told.filter((each): each is string => typeof each === "string");
  const words = events.map((event) => event.replace(/\d+ ?/g, "").trim());
  assert.deepEqual(words.filter((word) => word !== "exit").toSorted(), [
    "exec ls",
    "exec sh",
    "fork",
    "fork",
  ]);
  assert.equal(lost, 0);
});

test("a step is told when it has been printed: major faults first, by page, in the middle of the step", () => {
  const { told } = decode([
    "@even[7, 1, 33, 0]: 2",
    "@even[7, 1, 32, 0]: 1",
    "@even[7, 1, 33, 1]: 1",
    "step 1100 1200",
    "@minor: 3",
    "@major: 1",
  ]);
  assert.deepEqual(told, [
    [7, 33, "major", 1, 150],
    [7, 32, "minor", 1, 150],
    [7, 33, "minor", 2, 150],
  ]);
});

test("faults before an exec are told before it, those of a child after its birth, and its end last", () => {
  const { told, begun } = decode([
    "fork 7 8 1",
    "exec 8 2 ls",
    "exit 8",
    "@even[8, 2, 50, 0]: 1",
    "@even[8, 1, 40, 0]: 1",
    "@even[7, 1, 41, 0]: 1",
    "step 0 1100",
    "@odd[8, 2, 51, 0]: 1",
    "step 1100 1200",
  ]);
  assert.deepEqual(told, [
    [7, 41, "minor", 1, 50],
    "fork 7 8",
    [8, 40, "minor", 1, 50],
    "exec 8 ls",
    [8, 50, "minor", 1, 50],
    [8, 51, "minor", 1, 150],
    "exit 8",
  ]);
  assert.deepEqual(begun, [8]);
});

test("a child that faulted first in a program of its own has been born and has begun it", () => {
  const { told } = decode(["fork 7 8 1", "@even[8, 2, 50, 0]: 1", "step 0 1100"]);
  assert.deepEqual(told, ["fork 7 8", "exec 8 name of 8", [8, 50, "minor", 1, 50]]);
});

test("the last maps: the one that rested belongs to the last step, the other to what came after", () => {
  const { told, lost } = decode([
    "step 0 1100",
    "@even[7, 1, 32, 0]: 1",
    "@from: 1100",
    "@odd[7, 1, 33, 0]: 1",
    "@minor: 2",
    "@since: 1200",
    "@turn: 1",
  ]);
  assert.deepEqual(told, [
    [7, 32, "minor", 1, 150],
    [7, 33, "minor", 1, 250],
  ]);
  assert.equal(lost, 0);
});

test("a map that was printed and not yet cleared is printed again at the end: counted once", () => {
  const printed = ["@even[7, 1, 32, 0]: 4", "@even[7, 1, 33, 0]: 1"];
  const { told, lost } = decode([...printed, ...printed, "@minor: 5", "@since: 1100", "@turn: 1"]);
  assert.deepEqual(told, [
    [7, 32, "minor", 4, 50],
    [7, 33, "minor", 1, 50],
  ]);
  assert.equal(lost, 0);
});

test("what was counted and is on no page was lost; who is left out was not", () => {
  const { told, lost } = decode(
    ["@even[7, 1, 32, 0]: 4", "@even[9, 1, 33, 0]: 5", "step 0 1100", "@minor: 12", "@major: 2"],
    null,
    [9],
  );
  assert.deepEqual(told, [[7, 32, "minor", 4, 50]]);
  assert.equal(lost, 5);
});

test("bpftrace dies: what it had printed is told, and that the rest is missing", () => {
  const { told, lost } = decode(["step 0 1100", "@odd[7, 1, 32, 0]: 4", "@odd[7, 1, 3"], "killed");
  assert.deepEqual(told, [[7, 32, "minor", 4, 250], "damaged: killed"]);
  assert.equal(lost, null);
});

test("steps that begin a little late or early, and one that was delayed, never share a bin", () => {
  const clock = new StepClock(1000, STEP);
  const ends = [1090, 1193, 1288, 1391, 1590, 1692];
  const middles = ends.map((end, i) => clock.middle(i === 0 ? 0 : (ends[i - 1] ?? 0), end, 0));
  const bins = middles.map((middle) => Math.floor(middle / STEP));
  assert.deepEqual(bins, [0, 1, 2, 3, 5, 6]);
});

test("a name is bytes: what is not printed is escaped, the first NUL ends it, and it makes no line of its own", () => {
  const comm = (text: string): unknown => {
    const line = parsePagesLine(`exec 8 2 ${text}`);
    return line.type === "exec" ? line.comm : line;
  };
  assert.equal(comm("ls\\x00\\x00"), "ls");
  assert.equal(comm("a\\x0aexit 7\\x00x"), "a\nexit 7");
  assert.equal(comm("\\xc3\\xa9t\\xc3\\xa9\\x00"), "\u00e9t\u00e9");
  assert.equal(comm("fifteen letters\\x00"), "fifteen letters");
  assert.equal(comm("\\x00"), "");
});
