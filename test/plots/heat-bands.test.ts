import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bandsOf } from "../../plots/heat-bands.ts";

const PAGE = 4096;
const at = (...pages: number[]) => pages.map((page) => ({ address: page * PAGE, faults: 2, major: 1 }));
const extent = (from: number, to: number) => ({ start: from * PAGE, end: to * PAGE });
const pages = (count: number, from: number, step = 1) =>
  Array.from({ length: count }, (_, i) => from + i * step);

test("each region with a fault is a band of its own, in the order of addresses", () => {
  const bands = bandsOf(at(10, 11, 1000), [extent(1000, 1001), extent(500, 600), extent(10, 12)], PAGE);
  assert.deepEqual(bands, [
    { regions: [2], faults: 4, major: 2, segments: [{ address: 10 * PAGE, rows: 2, used: 2 }] },
    { regions: [0], faults: 2, major: 1, segments: [{ address: 1000 * PAGE, rows: 1, used: 1 }] },
  ]);
});

test("regions that had the same addresses, one after the other, are one band", () => {
  const [band, ...rest] = bandsOf(
    at(...pages(100, 0)),
    [extent(0, 100), extent(80, 100), extent(85, 90)],
    PAGE,
  );
  assert.deepEqual(band?.regions, [0, 1, 2]);
  assert.equal(rest.length, 0);
});

test("a coarse block over the end of a region is in its band", () => {
  const bands = bandsOf([{ address: 0, faults: 1, major: 0 }], [extent(3, 5)], 16 * PAGE);
  assert.deepEqual(bands[0]?.segments, [{ address: 0, rows: 1, used: 1 }]);
});

test("a fault outside of every region has a band without one", () => {
  const bands = bandsOf(at(5, 7, 50, 900), [extent(50, 60)], PAGE);
  assert.deepEqual(
    bands.map((band) => band.regions),
    [[], [0], []],
  );
});

test("a long stretch without a fault is cut out, the steps of a stride are not", () => {
  const two = bandsOf(at(...pages(50, 0), ...pages(50, 100_000)), [extent(0, 200_000)], PAGE);
  assert.deepEqual(two[0]?.segments, [
    { address: 0, rows: 50, used: 50 },
    { address: 100_000 * PAGE, rows: 50, used: 50 },
  ]);
  const strided = bandsOf(at(...pages(100, 0, 16)), [extent(0, 1600)], PAGE);
  assert.deepEqual(strided[0]?.segments, [{ address: 0, rows: 1600, used: 100 }]);
});

test("every block is in exactly one segment, whatever the regions", () => {
  const page = fc.nat(5000);
  const regions = fc.array(fc.tuple(page, fc.integer({ min: 1, max: 900 })), { maxLength: 12 });
  const blocks = fc.uniqueArray(fc.nat(1250), { maxLength: 60 });
  fc.assert(
    fc.property(blocks, regions, (numbers, spans) => {
      const used = numbers.sort((a, b) => a - b).map((n) => ({ address: n * 4 * PAGE, faults: 1, major: 0 }));
      const extents = spans.map(([from, length]) => extent(from, from + length));
      const bands = bandsOf(used, extents, 4 * PAGE);
      const segments = bands.flatMap((band) => band.segments);
      segments.forEach((segment, index) => {
        const next = segments[index + 1];
        if (next) assert.ok(segment.address + segment.rows * 4 * PAGE <= next.address);
      });
      for (const { address } of used) {
        const holders = segments.filter(
          (one) => address >= one.address && address < one.address + one.rows * 4 * PAGE,
        );
        assert.equal(holders.length, 1);
      }
      assert.equal(
        segments.reduce((sum, one) => sum + one.used, 0),
        used.length,
      );
    }),
  );
});
