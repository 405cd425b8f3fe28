import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
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

test("with accesses each cell also has its writes and its copies; they stay through every coarsening", () => {
  const heat = new Heat();
  for (let i = 0; i < 40_000; i++) heat.add(i * 16, i * 1e6, false, (i % 5) - 1);
  const { cells } = heat.record(1, 0);
  const sum = (i: 2 | 3 | 4 | 5): number => cells.reduce((n, cell) => n + Number(cell[i]), 0);
  assert.deepEqual([sum(2), sum(3), sum(4), sum(5)], [40_000, 0, 8000, 8000]);
  assert.ok(cells.length <= 32_768);
});

/** A thousand pages one after another, and far above a single one. */
function picture(color: boolean, lines = 24): string[] {
  const heat = new Heat();
  for (let i = 0; i < 1000; i++) heat.add(1000 + i, i * 1e6, false);
  heat.add(9_000_000, 999e6, false);
  const region = (name: string, start: number, end: number) =>
    ({
      name,
      start: `0x${(start * 4096).toString(16)}`,
      end: `0x${(end * 4096).toString(16)}`,
    }) as Parameters<typeof heatLines>[1][number];
  const regions = [region("low", 1000, 2000), region("high\u001b[31m", 9_000_000, 9_000_001)];
  return heatLines(heat.record(1, 0), regions, { lines, color });
}

test("the picture shows every region that faulted, in the order of addresses, below 80 columns", () => {
  const lines = picture(false);
  assert.ok(lines.every((line) => line.length < 80));
  assert.match(lines[0] ?? "", /high\?\[31m \|.*\S\|$/);
  assert.ok(lines.some((line) => /^ +low \|/.test(line)));
  assert.match(lines.at(-1) ?? "", / 1\.0\d s$/);
  const cells = lines.slice(1, -1).map((line) => line.slice(18, -1));
  const firsts = cells.map((row) => row.search(/\S/));
  assert.deepEqual(
    firsts,
    firsts.toSorted((a, b) => b - a),
    "a walk upward goes from the lower left to the upper right",
  );
});

test("in colour each line shows two rows of half blocks, as wide as the ASCII ones", () => {
  const plain = picture(true).map((line) => stripVTControlCharacters(line));
  assert.ok(plain.every((line) => line.length < 80));
  assert.equal(plain.length, picture(false).length);
  for (const line of plain.slice(0, -1)) assert.match(line, /^.{16} \|[ \u2580\u2584]+\|$/);
  const halves = plain.slice(1, -1).flatMap((line) => {
    const cells = [...line.slice(18, -1)];
    return [cells.indexOf("\u2580"), cells.indexOf("\u2584")];
  });
  const seen = halves.filter((column) => column >= 0);
  assert.ok(seen.length > 12, "rows, not lines, tell the walk");
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => b - a),
  );
});

const pagesOf = (size: number): number => Math.floor(size / 7) + 1;

test("it never has more lines than it was given, and each of the busiest regions has one", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.array(fc.nat(3000), { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      (lines, sizes, color) => {
        const heat = new Heat();
        const regions = sizes.map((size, i) => {
          const start = (i + 1) * 1_000_000;
          for (let page = 0; page <= size; page += 7) heat.add(start + page, page * 1e6, false);
          const [from, to] = [start * 4096, (start + size + 1) * 4096];
          return { name: `r${i}`, start: `0x${from.toString(16)}`, end: `0x${to.toString(16)}` };
        }) as Parameters<typeof heatLines>[1][number][];
        const drawn = heatLines(heat.record(1, 0), regions, { lines, color });
        assert.ok(drawn.length <= lines + 1, `${drawn.length} lines instead of ${lines}`);
        const names = drawn.flatMap((line) => /^ *(r\d+) \|/.exec(line)?.[1] ?? []);
        assert.ok(names.length >= Math.min(lines, sizes.length, 6), names.join());
        const shown = sizes.filter((_, i) => names.includes(`r${i}`));
        const left = sizes.filter((_, i) => !names.includes(`r${i}`));
        assert.ok(Math.max(0, ...left.map(pagesOf)) <= Math.min(...shown.map(pagesOf)));
      },
    ),
    { numRuns: 40 },
  );
});

test("each of thousands of regions is looked at once, not at every block", () => {
  const heat = new Heat();
  let looks = 0;
  const regions = Array.from({ length: 2000 }, (_, i) => {
    heat.add(10 + 2 * i, i * 1e6, false);
    const region = { name: `r${i}`, end: `0x${((11 + 2 * i) * 4096).toString(16)}` };
    return Object.defineProperty(region, "start", {
      get: () => {
        looks++;
        return `0x${((10 + 2 * i) * 4096).toString(16)}`;
      },
    });
  }) as unknown as Parameters<typeof heatLines>[1][number][];
  heatLines(heat.record(1, 0), regions, { lines: 24, color: false });
  assert.ok(looks <= 2 * regions.length, `${looks} looks at ${regions.length} regions`);
});
