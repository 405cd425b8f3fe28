import assert from "node:assert/strict";
import { test } from "node:test";
import { Collector } from "../../../lib/fault/map/collector.ts";
import { DEPARTED_MOST } from "../../../lib/fault/map/departed.ts";
import type { ProcessReader } from "../../../lib/fault/map/process-reader.ts";
import { othersRecords, toldOf, toldProcesses } from "../../../lib/fault/map/records.ts";
import { faultsOf } from "../../../lib/fault/map/traced.ts";
import { newColumns } from "../../../lib/source/stream/batch.ts";
import type { ReadyEvent } from "../../../lib/source/stream/event.ts";

const READY: ReadyEvent = {
  ...{ type: "ready", monotonicNs: 0, startedAt: 1000, threads: 0, unsure: 0, ringBytes: 0 },
  ...{ ip: true, latency: false, access: false, physical: false, chain: false, stepNs: null, lateNs: 0 },
  ...{ userOnly: false, machine: true, follow: true },
};

const MAPS = "10000-20000 rw-p 00000000 00:00 0 \n";
const nobody: ProcessReader = { read: () => null };
const batch = newColumns({ ip: true, physical: false, chain: false });

/** `count` faults of a process, each a page further. */
function fault(collector: Collector, pid: number, count: number, time = 0, first = 0x10): void {
  for (let i = 0; i < count; i++) {
    batch.pid[i] = batch.tid[i] = pid;
    batch.page[i] = first + i;
    batch.time[i] = time;
  }
  batch.count = count;
  collector.faults(batch);
}

const fork = (collector: Collector, parentPid: number, pid: number, time: number): void =>
  collector.event({ type: "fork", time, pid, tid: pid, parentPid, parentTid: parentPid });
const exit = (collector: Collector, pid: number, time: number): void =>
  collector.event({ type: "exit", time, pid, tid: pid });

test("10,000 processes that come and go: the busiest are kept, the sum is exact, and who is asked for stays", () => {
  const collector = new Collector([7], nobody);
  collector.event(READY);
  let expected = 0;
  for (let i = 0; i < 10_000; i++) {
    const [pid, count, time] = [100 + i, 1 + (i % 50), i * 1e6];
    fork(collector, 7, pid, time);
    fault(collector, pid, count, time);
    exit(collector, pid, time + 1);
    expected += count;
  }
  assert.ok(collector.processes.size <= 252, `${collector.processes.size} have not been settled`);
  assert.ok(collector.departed.kept.length < DEPARTED_MOST + 250);
  const told = toldProcesses(collector, [7]);
  const [others] = othersRecords(collector);
  assert.ok(others);
  const sum = told.reduce((total, traced) => total + faultsOf(traced), 0);
  assert.equal(sum + others.minor + others.major, expected);
  assert.equal(told.length + others.processes, 10_001);
  assert.equal(told.filter((traced) => faultsOf(traced) === 50).length, 200, "none of the busiest is gone");
  assert.ok(told.some(({ pid }) => pid === 7));
});

test("a process that has ended is told as it was, its last faults after its exit record too", () => {
  const collector = new Collector([7], { read: (pid) => (pid === 7 ? { comm: "sh", maps: MAPS } : null) });
  collector.event(READY);
  fork(collector, 7, 8, 0);
  fault(collector, 8, 9, 1);
  exit(collector, 8, 2);
  fault(collector, 8, 1, 3, 0x19);
  const before = toldOf(collector.all().find(({ pid }) => pid === 8) as never, collector);
  fork(collector, 7, 9, 1e9);
  const traced = collector.departed.kept[0];
  assert.ok(traced);
  assert.equal(traced.comm, "sh");
  assert.deepEqual(toldOf(traced, collector), before);
  assert.deepEqual([before.regions[0]?.minor, before.regions[0]?.kind, before.heat.time], [10, "anon", 1000]);
});

test("a number that is given again is another process", () => {
  const collector = new Collector([], nobody);
  collector.event(READY);
  fault(collector, 8, 3);
  fork(collector, 7, 8, 5);
  fault(collector, 8, 2, 6);
  assert.deepEqual(
    toldProcesses(collector, []).map((traced) => [traced.pid, faultsOf(traced)]),
    [
      [8, 3],
      [8, 2],
    ],
  );
});

test("a process of threads ends with the last of them", () => {
  const collector = new Collector([], nobody);
  collector.event(READY);
  fork(collector, 7, 8, 0);
  collector.event({ type: "fork", time: 1, pid: 8, tid: 9, parentPid: 8, parentTid: 8 });
  fault(collector, 8, 1, 2);
  exit(collector, 8, 3);
  fork(collector, 7, 10, 2e9);
  assert.equal(collector.departed.kept.length, 0, "its other thread goes on");
  collector.event({ type: "exit", time: 2e9, pid: 8, tid: 9 });
  fork(collector, 7, 11, 3e9);
  assert.equal(collector.departed.kept.length, 1);
});

test("who forks before it faults is read then: a child that is gone has its mappings", () => {
  const reads: number[] = [];
  const collector = new Collector([], {
    read: (pid) => {
      reads.push(pid);
      return pid === 7 ? { comm: "sh", maps: MAPS } : null;
    },
  });
  collector.event(READY);
  fork(collector, 7, 8, 0);
  fault(collector, 8, 4);
  assert.deepEqual(reads, [7]);
  const [child] = toldProcesses(collector, []);
  assert.ok(child);
  assert.deepEqual([child.comm, toldOf(child, collector).regions[0]?.kind], ["sh", "anon"]);
});

const FILE = "10000-20000 rw-s 00000000 fe:01 42 /tmp/other\n";

test("counts by page: what is mapped is looked at with each step, and a step is the bin of the heat map", () => {
  let maps = MAPS;
  const collector = new Collector([7], { read: () => ({ comm: "sh", maps }) });
  collector.event({ ...READY, ip: false, stepNs: 100e6 });
  const counts = newColumns({ ip: false, physical: false, chain: false, repeats: true });
  const step = (pid: number, time: number, times: number): void => {
    counts.pid[0] = counts.tid[0] = pid;
    counts.page[0] = 0x10;
    counts.time[0] = time;
    if (counts.repeats !== null) counts.repeats[0] = times;
    counts.count = 1;
    collector.faults(counts);
  };
  step(7, 50e6, 3);
  maps = FILE;
  step(8, 150e6, 1); // of another process: the next of 7 are those of a new step
  step(7, 150e6, 2);
  const traced = collector.all().find(({ pid }) => pid === 7);
  assert.ok(traced);
  const { regions, heat } = toldOf(traced, collector);
  assert.deepEqual(
    regions.map(({ kind, minor, pages, refaults, pattern, vanished }) => [
      kind,
      minor,
      pages,
      refaults,
      pattern,
      vanished,
    ]),
    [
      ["anon", 3, 1, 2, null, true],
      ["file", 2, 1, 0, null, false],
    ],
  );
  assert.deepEqual(
    regions.map(({ mappings }) => mappings),
    [null, null],
    "what came again in its place does not show",
  );
  assert.equal(heat.binSeconds, 0.1);
  assert.deepEqual(heat.cells, [
    ["0x10000", 0, 3, 0],
    ["0x10000", 1, 2, 0],
  ]);
});

test("of memory in no known mapping nobody knows the size, and so not the share that was touched", () => {
  const collector = new Collector([7], nobody);
  collector.event(READY);
  fault(collector, 7, 20);
  collector.settle();
  const [traced] = toldProcesses(collector, [7]);
  assert.ok(traced);
  const [region] = toldOf(traced, collector).regions;
  assert.deepEqual([region?.kind, region?.pages, region?.touchedShare], ["unmapped", 20, null]);
});
