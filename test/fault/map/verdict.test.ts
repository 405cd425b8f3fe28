import assert from "node:assert/strict";
import { test } from "node:test";
import { patternCell, verdictOf } from "../../../lib/fault/map/verdict.ts";
import { region } from "../../plots/map-records.ts";

const walks = (streams: number) => ({ evidence: { ...region(0, 1).evidence, streams } });
const thrashing = (order: "sequential" | "random" | "reverse") => ({ pattern: "thrashing", order }) as const;

test("a pattern that is cut to its column is not taken for another", () => {
  const cells = [
    {},
    walks(4),
    { ...walks(3), pattern: "random", order: "random" } as const,
    thrashing("sequential"),
    thrashing("random"),
    thrashing("reverse"),
    { pattern: "thrashing", order: null } as const,
    { pattern: null },
  ].map((changes) => patternCell(region(0, 1, changes), 13));
  const expected = [
    "sequential",
    "sequential x4",
    "random",
    "thrashing seq",
    "thrashing ran",
    "thrashing rev",
  ];
  assert.deepEqual(cells, [...expected, "thrashing", "-"]);
  const wide = region(0, 1, { ...walks(2), pattern: "strided", order: "strided", stride: 65_536 });
  assert.equal(patternCell(wide, 13), "strided 6553+");
});

test("many regions are counted with separators, as faults are", () => {
  const regions = Array.from({ length: 12_345 }, (_, i) => region(i * 8192, 1, { minor: 1 }));
  assert.match(
    verdictOf({ minor: 12_345, major: 0 }, regions),
    /^12,345 faults spread over 12,345 regions, 100 % of them in 12,345 of kind anon; the most, 0\.0 %, fall in /,
  );
});

test("small regions of different kinds are not told as one", () => {
  const regions = (["anon", "file", "heap", "stack", "shmem"] as const).map((kind, i) =>
    region(i * 8192, 1, { minor: 10, kind }),
  );
  assert.match(
    verdictOf({ minor: 50, major: 0 }, regions),
    /^50 faults spread over 5 regions; the most, 20 %/,
  );
});
