import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { since, sumTasks, taskId } from "../../lib/fault/stat/totals.ts";
import type { TaskCounts } from "../../lib/source/source.ts";

const n = fc.nat({ max: 1000 });
const change = fc.record({ minor: n, major: n, failed: n, code: fc.constantFrom(4, 6, 7, 20) });
const nothing: TaskCounts = {
  pid: 7,
  tid: null,
  minor: 0,
  major: 0,
  entries: 0,
  latency: null,
  types: new Map(),
};

/** The readings of a source whose task did this in each interval. */
function readings(changes: readonly { minor: number; major: number; failed: number; code: number }[]) {
  let last = nothing;
  return changes.map(({ minor, major, failed, code }) => {
    const types = new Map(last.types ?? []);
    types.set(code, (types.get(code) ?? 0) + minor);
    const entries = (last.entries ?? 0) + minor + major + failed;
    last = { ...last, minor: last.minor + minor, major: last.major + major, entries, types };
    return last;
  });
}

test("what came in each interval adds up to the last reading", () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1 }), (changes) => {
      const all = readings(changes);
      const parts = all.map((now, i) => since(now, all[i - 1]));
      parts.forEach((part, i) => {
        assert.deepEqual([part.minor, part.major], [changes[i]?.minor, changes[i]?.major]);
      });
      const sum = sumTasks(parts);
      const last = all.at(-1);
      assert.deepEqual([sum?.minor, sum?.major, sum?.entries], [last?.minor, last?.major, last?.entries]);
      const total = (task: TaskCounts | null | undefined): number =>
        [...(task?.types?.values() ?? [])].reduce((a, b) => a + b, 0);
      assert.equal(total(sum), total(last));
    }),
  );
});

test("what is not counted stays null, and the first reading is its own change", () => {
  const blind = { ...nothing, minor: 5, entries: null, types: null };
  assert.deepEqual(since(blind, undefined), blind);
  const part = since({ ...blind, minor: 8 }, blind);
  assert.deepEqual([part.minor, part.entries, part.latency, part.types], [3, null, null, null]);
  assert.equal(sumTasks([]), null);
  assert.equal(sumTasks([blind, blind])?.entries, null);
});

test("the threads of a process are told apart by tid, and their sum has none", () => {
  const threads = [7, 8].map((tid) => ({ ...nothing, tid, minor: tid }));
  assert.deepEqual(threads.map(taskId), ["7,7", "7,8"]);
  const sum = sumTasks(threads);
  assert.deepEqual([sum?.tid, sum?.minor], [null, 15]);
});
