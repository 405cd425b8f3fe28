import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Cells } from "../../../lib/fault/map/cells.ts";

const key = fc.oneof(fc.nat(40), fc.nat(2 ** 31), fc.integer({ min: 2 ** 46, max: 2 ** 46 + 40 }));

test("it counts as a Map does, also when keys are merged", () => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 500 }), fc.integer({ min: 1, max: 9 }), (keys, factor) => {
      const cells = new Cells();
      const expected = new Map<number, number>();
      const add = (each: number): void => {
        const at = cells.at(each);
        cells.counts[at + 1] = (cells.counts[at + 1] ?? 0) + 1;
      };
      for (const each of keys) add(each);
      cells.rekey((each) => Math.floor(each / factor));
      for (const each of keys) {
        const merged = Math.floor(each / factor);
        expected.set(merged, (expected.get(merged) ?? 0) + 1);
      }
      assert.deepEqual(
        [...cells.keys()],
        [...expected.keys()].sort((a, b) => a - b),
      );
      assert.equal(cells.size, expected.size);
      for (const [each, count] of expected) assert.equal(cells.counts[cells.at(each) + 1], count);
    }),
  );
});
