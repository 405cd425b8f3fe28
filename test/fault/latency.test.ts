import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addLatency,
  bucketStart,
  faultSeconds,
  histogram,
  type LatencyCounts,
  latencySince,
  noLatency,
  percentile,
  summarize,
  weighed,
} from "../../lib/fault/latency.ts";

/** The key that bt/latency.bt gives to a time: 8 * log2(ns) + the three bits after the first. */
function keyOf(ns: number): number {
  const exponent = Math.floor(Math.log2(ns));
  return exponent * 8 + (exponent >= 3 ? Math.floor(ns / 2 ** (exponent - 3)) % 8 : 0);
}

/** Of a burst one in so many is timed, and stands for them all. */
function countsOf(times: readonly number[], weight = 1): LatencyCounts {
  const counts = noLatency();
  for (const ns of times) {
    counts.buckets.set(keyOf(ns), (counts.buckets.get(keyOf(ns)) ?? 0) + weight);
    counts.timed += 1;
    counts.sumNs += weight * ns;
    counts.maxNs = Math.max(counts.maxNs, ns);
  }
  return counts;
}

/** From 8 ns, since no fault is faster, to a quarter of an hour; dense where faults are. */
const ns = fc.oneof(
  fc.integer({ min: 8, max: 100_000 }),
  fc.double({ min: 3, max: 40, noNaN: true }).map((power) => Math.floor(2 ** power)),
);
const times = fc.array(ns, { minLength: 1, maxLength: 200 });

test("a bucket begins above the one before, and holds what has its key", () => {
  for (let key = 24; key < 8 * 48; key++) assert.ok(bucketStart(key + 1) > bucketStart(key));
  fc.assert(
    fc.property(ns, (time) => {
      assert.ok(bucketStart(keyOf(time)) <= time);
      assert.ok(bucketStart(keyOf(time) + 1) > time);
    }),
  );
});

test("the header of bt/latency.bt tells the truth: key 85 is 1664 to 1792 ns", () => {
  assert.deepEqual([bucketStart(85), bucketStart(86), keyOf(1664), keyOf(1791)], [1664, 1792, 85, 85]);
});

test("a percentile lies within an eighth of the true one, and not above the maximum", () => {
  fc.assert(
    fc.property(times, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1), (all, share) => {
      const sorted = [...all].sort((a, b) => a - b);
      const truth = sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
      const told = percentile(countsOf(all), share) ?? Number.NaN;
      assert.ok(Math.abs(told - truth) <= truth / 8, `${told} for ${truth}`);
      assert.ok(told <= Math.max(...all));
    }),
  );
});

test("percentiles ascend, and of nothing there are none", () => {
  fc.assert(
    fc.property(times, (all) => {
      const { count, p50Ns, p90Ns, p99Ns, maxNs } = summarize(countsOf(all));
      assert.equal(count, all.length);
      assert.equal(maxNs, Math.max(...all));
      const [p50 = 0, p90 = 0, p99 = 0] = [p50Ns ?? NaN, p90Ns ?? NaN, p99Ns ?? NaN];
      assert.ok(p50 <= p90 && p90 <= p99 && p99 <= (maxNs ?? NaN));
    }),
  );
  assert.deepEqual(summarize(noLatency()), { count: 0, p50Ns: null, p90Ns: null, p99Ns: null, maxNs: null });
});

test("what came since a reading is what was added to it", () => {
  fc.assert(
    fc.property(times, fc.array(ns), (before, later) => {
      const [old, more] = [countsOf(before), countsOf(later)];
      const since = latencySince(addLatency(old, more), old);
      assert.deepEqual(since.buckets, more.buckets);
      assert.deepEqual([since.sumNs, since.timed], [more.sumNs, more.timed]);
      // the maximum of a part is known by its bucket only, unless it is a new one
      assert.ok(since.maxNs >= more.maxNs);
      assert.ok(since.maxNs <= more.maxNs * 1.125);
    }),
  );
});

test("adding loses nothing: counts, sum and maximum", () => {
  fc.assert(
    fc.property(fc.array(ns), fc.array(ns), (a, b) => {
      const both = addLatency(countsOf(a), countsOf(b));
      assert.deepEqual(
        [...both.buckets].sort(([x], [y]) => x - y),
        [...countsOf([...a, ...b]).buckets].sort(([x], [y]) => x - y),
      );
      assert.equal(both.maxNs, Math.max(0, ...a, ...b));
      assert.equal(weighed(both), a.length + b.length);
    }),
  );
});

test("the histogram holds every timed fault once, in adjoining powers of two", () => {
  fc.assert(
    fc.property(fc.array(ns), fc.array(ns), (minor, major) => {
      const rows = histogram({ minor: countsOf(minor), major: countsOf(major) });
      const total = (of: "minor" | "major"): number => rows.reduce((sum, row) => sum + row[of], 0);
      assert.deepEqual([total("minor"), total("major")], [minor.length, major.length]);
      rows.forEach((row, i) => {
        assert.equal(row.toNs, 2 * row.fromNs);
        if (i > 0) assert.equal(row.fromNs, rows[i - 1]?.toNs);
        assert.equal(row.minor, minor.filter((time) => time >= row.fromNs && time < row.toNs).length);
      });
      const [first, last] = [rows[0], rows.at(-1)];
      if (first && last) assert.ok(first.minor + first.major > 0 && last.minor + last.major > 0);
    }),
  );
});

test("one fault in 16 that was timed weighs as 16: percentiles do not depend on who was timed", () => {
  const share = fc.constantFrom(0.5, 0.9, 0.99);
  fc.assert(
    fc.property(times, times, share, (trickle, burst, at) => {
      const sampled = addLatency(countsOf(trickle), countsOf(burst, 16));
      const all = addLatency(countsOf(trickle), countsOf(Array.from({ length: 16 }, () => burst).flat()));
      assert.equal(percentile(sampled, at), percentile(all, at));
      assert.equal(summarize(sampled).count, trickle.length + burst.length, "the real ones");
      assert.equal(weighed(sampled), weighed(all));
    }),
  );
});

test("faults that were timed stand for those that were not", () => {
  const microseconds = (faults: number): number =>
    Math.round(1e6 * faultSeconds(countsOf([1000, 3000]), faults));
  assert.deepEqual([microseconds(2), microseconds(20)], [4, 40]);
  assert.equal(faultSeconds(noLatency(), 20), 0);
});
