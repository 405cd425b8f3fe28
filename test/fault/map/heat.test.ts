import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Heat } from "../../../lib/fault/map/heat.ts";
import { heatLines } from "../../../lib/fault/map/heat-lines.ts";

const total = (heat: Heat): { minor: number; major: number; cells: number } => {
  const { cells } = heat.record(1, 0);
  const sum = (i: 2 | 3): number => cells.reduce((n, cell) => n + cell[i], 0);
  return { minor: sum(2), major: sum(3), cells: cells.length };
};

test("no fault is lost, however far apart in place and time, and the cells stay bounded", () => {
  const fault = fc.tuple(fc.nat(2 ** 31), fc.nat(2 ** 31), fc.boolean());
  fc.assert(
    fc.property(fc.array(fault, { maxLength: 300 }), (faults) => {
      const heat = new Heat();
      for (const [page, ms, major] of faults) heat.add(page * 16, ms * 1e6, major);
      const { minor, major } = total(heat);
      assert.equal(minor, faults.filter(([, , isMajor]) => !isMajor).length);
      assert.equal(major, faults.length - minor);
    }),
  );
});

test("a million pages far apart fit into the bounded cells", () => {
  const heat = new Heat();
  for (let i = 0; i < 1_000_000; i++) heat.add(i * 4099, i * 1000, false);
  const { minor, cells } = total(heat);
  assert.equal(minor, 1_000_000);
  assert.ok(cells <= 32_768, String(cells));
});

test("a fault lies in the block and the bin that the record says", () => {
  const heat = new Heat();
  heat.add(0x7f000, 5e6, true);
  const { cells, blockBytes, binSeconds } = heat.record(7, 100);
  assert.deepEqual(cells, [["0x7f000000", Math.floor(0.005 / binSeconds), 0, 1]]);
  assert.equal(blockBytes, 4096);
});

test("the picture shows every region that faulted, in the order of addresses, below 80 columns", () => {
  const heat = new Heat();
  for (let i = 0; i < 1000; i++) heat.add(1000 + i, i * 1e6, false);
  heat.add(9_000_000, 999e6, false);
  const region = (name: string, start: number, end: number) =>
    ({
      name,
      start: `0x${(start * 4096).toString(16)}`,
      end: `0x${(end * 4096).toString(16)}`,
    }) as Parameters<typeof heatLines>[1][number];
  const lines = heatLines(heat.record(1, 0), [
    region("low", 1000, 2000),
    region("high\u001b[31m", 9_000_000, 9_000_001),
  ]);
  assert.ok(lines.every((line) => line.length < 80));
  assert.match(lines[0] ?? "", /high\?\[31m \|.*\S\|$/);
  assert.ok(lines.some((line) => /^ +low \|/.test(line)));
  assert.match(lines.at(-1) ?? "", / 1\.0\d s$/);
});
