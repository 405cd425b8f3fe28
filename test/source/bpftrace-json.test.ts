import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { type BpftraceLine, parseBpftraceLine } from "../../lib/source/bpftrace/json.ts";
import { exitsOf, type MapReading, type Maps, tasksOf } from "../../lib/source/bpftrace/maps.ts";
import { fixture, parsesHoweverCut } from "./cuts.ts";

const RECORDED = "bpftrace-0.17";
const BY_HAND = "bpftrace-0.26-by-hand";
const PLAIN: MapReading = { only: null, perThread: false, latency: false, types: false, entries: true };

/** The state of the maps after the last line, and how many ticks there were. */
function play(lines: readonly BpftraceLine[]): { maps: Maps; ticks: number } {
  const maps: Maps = new Map();
  for (const line of lines) if (line.type === "map") maps.set(line.name, line.entries);
  return { maps, ticks: lines.filter((line) => line.type === "printf" && line.text === "tick").length };
}

const played = (path: string) => play(fixture(path).toString().split("\n").map(parseBpftraceLine));
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

const FILES = readdirSync(`${import.meta.dirname}/../fixtures/${RECORDED}`);
for (const file of FILES.filter((name) => name.endsWith(".ndjson"))) {
  test(`${RECORDED}/${file} gives the same maps and ticks wherever the stream is cut`, () => {
    const lines = parsesHoweverCut(fixture(`${RECORDED}/${file}`), parseBpftraceLine);
    const { maps, ticks } = play(lines);
    assert.ok(ticks >= 1);
    assert.ok(maps.has("@minor"));
    for (const map of maps.values()) assert.ok(map.size > 0);
    assert.deepEqual(
      lines.filter((line) => line.type === "lost" || line.type === "error"),
      [],
    );
  });
}

test("the counts of a known workload are read, and the kernel's own at its exit", () => {
  const { maps } = played(`${RECORDED}/faults.ndjson`);
  const [task, ...others] = tasksOf(maps, PLAIN);
  assert.ok(task);
  assert.deepEqual(others, []);
  assert.ok(task.minor >= 1009 && task.minor < 1200, "the touches, and what a program needs to start");
  assert.equal(task.entries, task.minor + task.major, "none failed");
  assert.equal(task.latency, null);
  const exit = exitsOf(maps).get(task.pid);
  assert.ok(exit);
  assert.equal(exit.comm, "known");
  assert.ok(exit.minor >= task.minor, "the kernel's count holds those of the fork and of exec too");
  assert.ok(exit.runSeconds > 0 && exit.runSeconds < 1);
});

test("faults that failed are entries without a completion", () => {
  const [task] = tasksOf(played(`${RECORDED}/failed.ndjson`).maps, PLAIN);
  assert.ok(task);
  const failed = (task.entries ?? 0) - task.minor - task.major;
  assert.ok(failed >= 1009 && failed < 1030, `${failed}: the 1009, and what may fail while a program starts`);
});

test("latencies and access types are read by process, and they add up", () => {
  const { maps } = played(`${RECORDED}/latency.ndjson`);
  const [task] = tasksOf(maps, { ...PLAIN, latency: true, types: true });
  assert.ok(task?.latency && task.types);
  const { minor } = task.latency;
  assert.equal(sum(minor.buckets.values()), task.minor, "fewer than the sampling takes: all were timed");
  assert.ok(minor.maxNs > 0 && minor.maxNs <= minor.sumNs);
  assert.equal(sum(task.types.values()), task.entries);
});

test("per thread each of the threads has its own counts", () => {
  const tasks = tasksOf(played(`${RECORDED}/per-thread.ndjson`).maps, {
    ...PLAIN,
    perThread: true,
    latency: true,
    types: true,
  });
  assert.equal(new Set(tasks.map((task) => task.pid)).size, 1);
  assert.equal(new Set(tasks.map((task) => task.tid)).size, tasks.length);
  const workers = tasks.filter((task) => task.tid !== task.pid && task.minor >= 503);
  assert.equal(workers.length, 2, "threads 2 503");
  for (const { minor, latency } of tasks) {
    assert.ok(latency);
    assert.equal(sum(latency.minor.buckets.values()), minor);
  }
});

test("with -f the children have counts and exits of their own", () => {
  const { maps } = played(`${RECORDED}/follow.ndjson`);
  assert.equal(tasksOf(maps, PLAIN).length, 2);
  assert.deepEqual([...exitsOf(maps).values()].map((exit) => exit.comm).sort(), ["ls", "sh"]);
});

test("a name keeps its quotes, its backslashes and its letters beyond ASCII", () => {
  const [exit] = exitsOf(played(`${RECORDED}/names.ndjson`).maps).values();
  assert.equal(exit?.comm, 'ü"\\ 日本');
});

test("the name of a process that looks like an escape is left alone", () => {
  const line = String.raw`{"type": "map", "data": {"@exit_name": {"1": "\\uffffffc3"}}}`;
  const parsed = parseBpftraceLine(line);
  assert.ok(parsed.type === "map");
  assert.equal(parsed.entries.get("1"), String.raw`\uffffffc3`);
});

test("the lines of bpftrace 0.26 are read: counts beside type, integers as strings, text between", () => {
  const lines = parsesHoweverCut(fixture(`${BY_HAND}/run.ndjson`), parseBpftraceLine);
  const { maps, ticks } = play(lines);
  assert.equal(ticks, 2);
  const reading = { ...PLAIN, perThread: true, entries: false };
  assert.deepEqual(
    tasksOf(maps, reading).map(({ pid, tid, minor, major }) => [pid, tid, minor, major]),
    [
      [4242, 4242, 1075, 1],
      [4242, 4243, 2 ** 53, 0],
    ],
  );
  assert.deepEqual(maps.get("@timed"), new Map([["", 17]]));
  assert.equal(maps.get("@exit_name")?.get("4242"), "über日本");
  assert.deepEqual(
    lines.filter((line) => line.type === "lost"),
    [{ type: "lost", events: 12 }],
  );
  const [error] = lines.filter((line) => line.type === "error");
  assert.ok(error?.type === "error");
  assert.match(error.text, /map_update_elem.*-7/);
});

test("lost events are counted in the words of both versions", () => {
  for (const line of [
    `{"type": "lost_events", "data": {"events": 3}}`,
    `{"type":"lost_events", "count":3}`,
  ]) {
    assert.deepEqual(parseBpftraceLine(line), { type: "lost", events: 3 });
  }
});

test("no line upsets the parser", () => {
  const json = fc.json().map((text) => `{"type": "map", "data": ${text}}`);
  const message = fc
    .record({ type: fc.constantFrom("map", "printf", "lost_events", "helper_error"), data: fc.jsonValue() })
    .map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), json, message), (line) => {
      const parsed = parseBpftraceLine(line);
      assert.ok(["map", "printf", "lost", "error", "other"].includes(parsed.type));
      if (parsed.type !== "map") return;
      tasksOf(new Map([[parsed.name, parsed.entries]]), { ...PLAIN, latency: true, types: true });
    }),
    { numRuns: 500 },
  );
});

test("one process needs no key: its maps are scalars, or kept by what the script adds", () => {
  const lines = [
    '{"type": "map", "data": {"@minor": 1074}}',
    '{"type": "map", "data": {"@types": {"6": 1070, "7": 4}}}',
    '{"type": "map", "data": {"@lat_minor": {"83": 1074}}}',
  ];
  const { maps } = play(lines.map(parseBpftraceLine));
  const reading = { only: 42, perThread: false, latency: true, types: true, entries: false };
  const [task, ...others] = tasksOf(maps, reading, [42]);
  assert.ok(task);
  assert.deepEqual(others, []);
  assert.deepEqual([task.pid, task.tid, task.minor, task.major], [42, null, 1074, 0]);
  assert.deepEqual(
    [...(task.types ?? [])],
    [
      [6, 1070],
      [7, 4],
    ],
  );
  assert.deepEqual([...(task.latency?.minor.buckets ?? [])], [[83, 1074]]);
});

test("one process by threads is kept by thread", () => {
  const { maps } = play(['{"type": "map", "data": {"@minor": {"43": 5, "44": 6}}}'].map(parseBpftraceLine));
  const tasks = tasksOf(maps, { ...PLAIN, only: 42, perThread: true });
  assert.deepEqual(
    tasks.map(({ pid, tid, minor }) => [pid, tid, minor]),
    [
      [42, 43, 5],
      [42, 44, 6],
    ],
  );
});
