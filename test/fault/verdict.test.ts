import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { verdict } from "../../lib/fault/stat/verdict.ts";
import type { SummaryRecord } from "../../lib/metric/record.ts";
import { start, summary } from "../records.ts";

const says = (...changes: Partial<SummaryRecord>[]): string =>
  verdict(start({ latency: true }), changes.map(summary));

test("no fault at all, few, many, and major ones are told apart", () => {
  assert.match(says({ minor: 0, major: 0 }), /took no page fault in 3\.0 s/);
  assert.match(says({ minor: 50, major: 0 }), /50 minor and 0 major .* none waited for a disk/);
  assert.match(says({ minor: 50, major: 3 }), /few waited for a disk/);
  assert.match(
    says({ minor: 50, major: 30_000 }),
    /waited for pages .* times a second: look at swap and at cold files/,
  );
  assert.match(says({ minor: 1_000_000, major: 0, faultShare: 0.4 }), /40 % of its run time/);
});

test("how long half of the waits were is said with its unit", () => {
  const longer = (p50Ns: number): string | undefined => {
    const latency = { count: 30_000, p50Ns, p90Ns: p50Ns, p99Ns: p50Ns, maxNs: p50Ns };
    const text = says({ major: 30_000, latency: { minor: latency, major: latency } });
    return /half of them longer than (\S+):/.exec(text)?.[1];
  };
  assert.deepEqual([88_000, 2_500_000, 2.5e9].map(longer), ["88us", "2.5ms", "2.5s"]);
});

test("of many processes it says how many, and speaks of them in the plural", () => {
  assert.match(says({ pid: 1 }, { pid: 2 }, { pid: 3 }), /^3 processes took 30,747 minor and 21 major/);
});

test("it is one sentence in plain characters, whatever the figures and the name", () => {
  const anySummary = fc.record({
    minor: fc.nat({ max: 1e9 }),
    major: fc.nat({ max: 1e9 }),
    seconds: fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1e6, noNaN: true })),
    faultShare: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    comm: fc.string({ unit: "binary" }),
  });
  fc.assert(
    fc.property(fc.array(anySummary, { minLength: 1, maxLength: 4 }), (changes) => {
      const text = says(...changes);
      assert.match(text, /\.$/);
      assert.doesNotMatch(text, /NaN|Infinity|undefined|null|[\p{Cc}\p{Cf}]/u);
    }),
  );
});
