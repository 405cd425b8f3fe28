import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seriesOf, toSeries } from "../../plots/columns.ts";
import { BUSIEST, othersOf } from "../../plots/overview.ts";
import { manyProcesses, samples, T0 } from "./records.ts";

test("a row holds the figures of its sample, after a row of nulls where the first interval began", () => {
  const [first, second] = samples({ count: 2 });
  assert.ok(first && second);
  const series = toSeries([first, second], T0);
  assert.deepEqual(series.time, [0, 1, 2]);
  assert.deepEqual(series.minor, [null, first.minorPerSecond, second.minorPerSecond]);
  assert.deepEqual(series.rss, [null, first.rss, null]);
  assert.deepEqual(series.latency?.minorP99, [
    null,
    first.latency?.minor.p99Ns ?? null,
    second.latency?.minor.p99Ns ?? null,
  ]);
});

test("what was not sampled is a gap, not zero", () => {
  const all = samples({ count: 10 }).filter((_, index) => index < 3 || index > 6);
  const series = toSeries(all, T0);
  assert.deepEqual(series.time, [0, 1, 2, 3, 7, 8, 9, 10]);
  assert.equal(series.minor[4], null);
});

test("an interval that came late or early by a tenth is no gap", () => {
  const all = samples({ count: 5 }).map((sample, i) => ({ ...sample, time: sample.time + (i % 2) * 0.1 }));
  assert.equal(toSeries(all, T0).time.length, 6);
});

test("time always ascends, whatever the clock did", () => {
  const time = fc.float({ min: 0, max: 50, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(time, time), { minLength: 1 }), (pairs) => {
      const [model] = samples({ count: 1 });
      assert.ok(model);
      const series = toSeries(
        pairs.map(([at, seconds]) => ({ ...model, time: T0 + at, seconds })),
        T0,
      );
      series.time.reduce((before, now) => {
        assert.ok(now > before, `${before} then ${now}`);
        return now;
      }, -Infinity);
      assert.equal(series.minor.filter((value) => value !== null).length, pairs.length);
    }),
  );
});

test("threads of one process are series of their own, the busiest first", () => {
  const of = (tid: number, level: number) => samples({ count: 3, level }).map((one) => ({ ...one, tid }));
  const series = seriesOf([...of(1, 100), ...of(2, 9000)], T0);
  assert.deepEqual(
    series.map(({ name }) => name),
    ["index 4217/2", "index 4217/1"],
  );
});

test("all others add up to what the busiest leave", () => {
  const all = manyProcesses(30, 20).filter((record) => record.type === "sample");
  const series = seriesOf(all, T0);
  const others = othersOf(all, series, T0);
  assert.ok(others);
  const sum = (values: (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const left = series.slice(BUSIEST).reduce((total, { minor }) => total + sum(minor), 0);
  assert.equal(others.name, "all 22 others");
  assert.equal(others.time.length, 21);
  assert.ok(Math.abs(sum(others.minor) - left) < 1e-3 * left);
  assert.equal(othersOf(all, series.slice(0, BUSIEST), T0), null);
});
