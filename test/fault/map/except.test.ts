import assert from "node:assert/strict";
import { test } from "node:test";
import { Except, type Stalls } from "../../../lib/fault/map/except.ts";
import { newColumns } from "../../../lib/source/stream/batch.ts";
import type { ReadyEvent } from "../../../lib/source/stream/event.ts";

const MS = 1e6;
/** The machine was started at 1000, and has been up for a second. */
const READY: ReadyEvent = {
  ...{ type: "ready", monotonicNs: 1e9, startedAt: 1001, threads: 0, unsure: 0, ringBytes: 0 },
  ...{ ip: false, latency: true, access: false, physical: false, chain: false, stepNs: null, lateNs: 0 },
  ...{ userOnly: false, machine: false, follow: false },
};
const PID = 42;

/** Stalls of process 42, ms since the ready record. */
const stallsAt = (...stalls: [number, number][]): Stalls => ({
  byPid: new Map([
    [PID, stalls.map(([begin, end]) => ({ beginNs: 1e9 + begin * MS, endNs: 1e9 + end * MS }))],
  ]),
  clockOffset: 1000.002,
});

/** The latencies that are left of faults with these [completion, latency] in ms, and the filter. */
function left(
  stalls: Stalls,
  faults: readonly (readonly [number, number])[],
  pid = PID,
): { latencies: number[]; except: Except } {
  const latencies: number[] = [];
  const sink = {
    faults: ({ count, latency }: ReturnType<typeof newColumns>) =>
      void latencies.push(...(latency?.slice(0, count) ?? [])),
    event: () => undefined,
  };
  const except = new Except(sink, stalls);
  except.event(READY);
  const batch = newColumns({ ip: false, latency: true, physical: false, chain: false });
  for (const [i, [time, latency]] of faults.entries()) {
    batch.time[i] = time * MS;
    batch.pid[i] = pid;
    if (batch.latency !== null) batch.latency[i] = latency * MS;
  }
  batch.count = faults.length;
  except.faults(batch);
  return { latencies: latencies.map((ns) => ns / MS), except };
}

test("a fault that was under way in a stall loses its latency, whichever way they overlap", () => {
  const faults = [
    [4.9, 1], // before
    [5.5, 1], // into it
    [6.5, 0.1], // within
    [7.5, 9], // it lies within the fault
    [8.5, 2], // out of it
    [9.5, 1], // after
  ] as const;
  const { latencies, except } = left(stallsAt([5, 8]), faults);
  assert.deepEqual(latencies, [1, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 1]);
  assert.deepEqual(except.of(PID), { faults: 4, stalls: 1, ofStalls: 1 });
});

test("one that touches a stall by less than the clocks can tell is left out too", () => {
  const { latencies } = left(stallsAt([5, 8]), [
    [4.9895, 1],
    [4.991, 1],
    [9.0095, 1],
    [9.0105, 1],
  ]);
  assert.deepEqual(latencies, [1, Number.NaN, Number.NaN, 1]);
});

test("a fault through several stalls is one fault in all of them", () => {
  const { except } = left(stallsAt([1, 2], [3, 4], [5, 6], [7, 8]), [
    [3.5, 2],
    [9, 0.5],
  ]);
  assert.deepEqual(except.of(PID), { faults: 1, stalls: 2, ofStalls: 4 });
});

test("of a fault without a latency nobody knows when it began: it stays as it is", () => {
  const { latencies, except } = left(stallsAt([5, 8]), [[6, Number.NaN]]);
  assert.deepEqual(latencies, [Number.NaN]);
  assert.deepEqual(except.of(PID), { faults: 0, stalls: 0, ofStalls: 1 });
});

test("stalls before and after the recording are not counted", () => {
  const { except } = left(stallsAt([-9, -8], [-1, 1], [2, 3], [11, 12]), [[10, 1]]);
  assert.deepEqual(except.of(PID), { faults: 0, stalls: 0, ofStalls: 2 });
});

test("another process keeps its latencies", () => {
  const { latencies, except } = left(stallsAt([5, 8]), [[6, 1]], 43);
  assert.deepEqual(latencies, [1]);
  assert.equal(except.of(43), null);
});

test("recordings that do not belong together are refused, each with its reason", () => {
  const sink = { faults: () => undefined, event: () => undefined };
  const objection = (ready: Partial<ReadyEvent>, stalls = stallsAt([-1, 8])): string => {
    const except = new Except(sink, stalls);
    except.event({ ...READY, ...ready });
    try {
      except.check();
      return "none";
    } catch (error) {
      return String(error);
    }
  };
  assert.equal(objection({}), "none");
  assert.match(
    objection({ latency: false }),
    /^UserError: option '--except': the recording has no latencies: /,
  );
  assert.match(objection({ startedAt: 1010 }), /^UserError: option '--except': the two recordings are of /);
  assert.match(
    objection({}, stallsAt([20, 21])),
    /recording of wss \(pid 42\) was not taken at the same time$/,
  );
});
