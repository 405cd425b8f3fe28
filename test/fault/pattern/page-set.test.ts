import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  FIRST,
  PageSet,
  REFAULT,
  REFAULT_TWICE,
  UNKNOWN,
  UPGRADE,
} from "../../../lib/fault/pattern/page-set.ts";

const RUNS = { numRuns: Number(process.env.RUNS ?? 100) };
/** Near each other, far from each other, and up to the last page of 256 TiB. */
const anyPage = fc.oneof(fc.nat(100), fc.nat(1e6), fc.nat(2 ** 36 - 17));

test("distinct pages and refaults are those of a plain map, whatever comes", () => {
  const fault = fc.tuple(anyPage, fc.boolean());
  fc.assert(
    fc.property(fc.array(fault, { maxLength: 500, size: "max" }), (faults) => {
      const set = new PageSet();
      const seen = new Map<number, { minor: number; faults: number; refaults: number }>();
      let refaults = 0;
      for (const [page, major] of faults) {
        const kind = set.advance(page, major);
        refaults += kind === REFAULT ? 1 : kind === REFAULT_TWICE ? 2 : 0;
        const before = seen.get(page);
        if (!before) seen.set(page, { minor: 0, faults: 1, refaults: 0 });
        else {
          before.faults++;
          const upgraded = before.faults === 2 && !major;
          before.refaults = upgraded ? 0 : before.faults - 1;
        }
      }
      assert.equal(set.distinct, seen.size);
      assert.equal(
        refaults,
        [...seen.values()].reduce((sum, page) => sum + page.refaults, 0),
      );
      for (const page of seen.keys()) assert.ok(set.has(page));
      assert.equal(set.has(-1), false);
    }),
    RUNS,
  );
});

test("a second minor fault is an upgrade until a third shows that both were refaults", () => {
  const set = new PageSet();
  assert.deepEqual(
    [1, 2, 3, 4].map(() => set.advance(9, false)),
    [FIRST, UPGRADE, REFAULT_TWICE, REFAULT],
  );
  assert.deepEqual([set.advance(8, true), set.advance(8, true)], [FIRST, REFAULT]);
});

test("after a fork a page may be copied once more, a refaulted one stays refaulted", () => {
  const set = new PageSet();
  for (const page of [1, 1, 2, 2, 2]) set.advance(page, false);
  set.forked();
  assert.deepEqual([set.advance(1, false), set.advance(1, false)], [UPGRADE, REFAULT_TWICE]);
  assert.equal(set.advance(2, false), REFAULT);
});

test("a full set knows its pages, and says that it does not know others", () => {
  const set = new PageSet(64);
  const kinds = Array.from({ length: 100 }, (_, i) => set.advance(i * 1000, false));
  const known = kinds.filter((kind) => kind === FIRST).length;
  assert.equal(set.distinct, known);
  assert.ok(known > 40 && known < 64, `${known}`);
  assert.ok(kinds.slice(known).every((kind) => kind === UNKNOWN));
  assert.equal(set.advance(0, true), REFAULT);
  assert.equal(set.has(99_000), false);
});

test("ten million pages that lie side by side fit into 16 MiB", () => {
  const set = new PageSet();
  for (let page = 0; page < 1e7; page++) set.advance(page, false);
  assert.equal(set.distinct, 1e7);
  assert.ok(set.bytes <= 16 << 20, `${set.bytes}`);
});

test("a million pages all over a terabyte fit into 32 MiB", () => {
  const set = new PageSet();
  for (let i = 0; i < 1e6; i++) set.advance((i * 0x9e3779b1) % 2 ** 28, false);
  assert.ok(set.distinct > 0.99e6);
  assert.ok(set.bytes <= 32 << 20, `${set.bytes}`);
});
