import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Books, balance, exactly, NOTHING } from "../../lib/fault/books.ts";

const n = fc.nat({ max: 1_000_000 });
const counts = fc.record({ minor: n, major: n });
const sum = ({ minor, major }: { minor: number; major: number }): number => minor + major;
const plus = (a: { minor: number; major: number }, b: { minor: number; major: number }) => ({
  minor: a.minor + b.minor,
  major: a.major + b.major,
});
const kernelOf = ({ kernelMinor, kernelMajor }: Books): number => (kernelMinor ?? 0) + (kernelMajor ?? 0);

test("over an exact window the books balance to the fault: kernel = traced + untraced - unexplained", () => {
  fc.assert(
    fc.property(counts, counts, counts, n, (before, kernel, traced, failed) => {
      const books = balance(
        { ...traced, entries: sum(traced) + failed, underWay: 3 },
        exactly(before),
        exactly(plus(before, kernel)),
      );
      assert.deepEqual([books.kernelMinor, books.kernelMajor], [kernel.minor, kernel.major]);
      assert.equal(books.edge, 0);
      assert.equal(kernelOf(books), sum(traced) + (books.untraced ?? 0) - (books.unexplained ?? 0));
      assert.ok(books.untraced === 0 || books.unexplained === 0, "never both");
      assert.equal(books.failed, failed, "nothing is under way at an exact end");
    }),
  );
});

/** What a run really was: faults that were traced, untraced ones, and those that fell into the edges. */
const run = fc.record({
  past: counts,
  early: counts,
  traced: counts,
  untraced: counts,
  late: counts,
  failed: n,
  underWay: fc.nat({ max: 64 }),
});

test("what falls between two readings is edge and never untraced, whichever side counted it", () => {
  fc.assert(
    fc.property(run, fc.boolean(), fc.boolean(), (truth, tracedEarly, tracedLate) => {
      const attached = plus(truth.past, truth.early);
      const ended = plus(attached, plus(truth.traced, truth.untraced));
      let traced = truth.traced;
      if (tracedEarly) traced = plus(traced, truth.early);
      if (tracedLate) traced = plus(traced, truth.late);
      const books = balance(
        { ...traced, entries: sum(traced) + truth.failed, underWay: truth.underWay },
        { before: truth.past, after: attached },
        { before: ended, after: plus(ended, truth.late) },
      );
      assert.equal(books.edge, sum(truth.early) + sum(truth.late));
      assert.ok((books.untraced ?? -1) <= sum(truth.untraced), "no more than there were");
      assert.ok(
        (books.untraced ?? -1) >= sum(truth.untraced) - (books.edge ?? 0),
        "short by the edge at most",
      );
      assert.equal(books.unexplained, 0, "the kernel's window is the wider one");
      assert.ok(books.failed !== null && books.failed <= truth.failed);
      assert.ok(books.failed >= truth.failed - truth.underWay);
    }),
  );
});

test("faults traced beyond the kernel's wider window are unexplained, to the fault", () => {
  const books = balance({ minor: 12, major: 0, entries: 12, underWay: 0 }, exactly(NOTHING), {
    before: { minor: 8, major: 0 },
    after: { minor: 10, major: 0 },
  });
  assert.deepEqual([books.untraced, books.edge, books.unexplained], [0, 2, 2]);
});

test("a source that counts no entries knows of no failed fault; that is null and not 0", () => {
  const traced = { minor: 5, major: 0, entries: null, underWay: 0 };
  assert.equal(balance(traced, exactly(NOTHING), exactly({ minor: 5, major: 0 })).failed, null);
  assert.equal(balance(traced, exactly(NOTHING), null).failed, null);
});

test("without a closing reading everything of the kernel is null", () => {
  const books = balance({ minor: 5, major: 1, entries: 8, underWay: 9 }, exactly(NOTHING), null);
  assert.deepEqual(books, {
    failed: 2,
    kernelMinor: null,
    kernelMajor: null,
    untraced: null,
    edge: null,
    unexplained: null,
  });
});
