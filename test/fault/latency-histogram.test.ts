import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bucketStart, percentile, weighed } from "../../lib/fault/latency.ts";
import { bucketOf, LatencyHistogram } from "../../lib/fault/latency-histogram.ts";

test("a latency lies in its bucket, from a nanosecond to a day", () => {
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 86_400e9 }), (ns) => {
      const bucket = bucketOf(ns);
      assert.ok(bucketStart(bucket) <= ns && ns < bucketStart(bucket + 1), `${ns} in ${bucket}`);
    }),
  );
  // below 8 ns there are not three bits after the first: as bt/latency.bt has it
  assert.deepEqual([0, 1, 2, 3, 4, 7].map(bucketOf), [0, 0, 8, 8, 16, 16]);
});

test("what is added is counted; what is unknown is left out", () => {
  const known = fc.integer({ min: 1, max: 10e9 });
  fc.assert(
    fc.property(fc.array(fc.option(known, { nil: Number.NaN })), (all) => {
      const histogram = new LatencyHistogram();
      for (const ns of all) histogram.add(ns);
      const counts = histogram.counts();
      const some = all.filter((ns) => !Number.isNaN(ns));
      assert.deepEqual(
        [counts.timed, weighed(counts), counts.sumNs, counts.maxNs],
        [some.length, some.length, some.reduce((sum, ns) => sum + ns, 0), Math.max(0, ...some)],
      );
    }),
  );
});

test("the median is right within an eighth", () => {
  const histogram = new LatencyHistogram();
  for (let ns = 1000; ns <= 3000; ns++) histogram.add(ns);
  const median = percentile(histogram.counts(), 0.5) ?? 0;
  assert.ok(Math.abs(median - 2000) <= 125, String(median));
});
