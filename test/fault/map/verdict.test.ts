import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictOf } from "../../../lib/fault/map/verdict.ts";
import { patternCell } from "../../../lib/fault/map/walk.ts";
import type { HugePages } from "../../../lib/kernel/thp.ts";
import type { RegionRecord } from "../../../lib/metric/map-record.ts";
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
    verdictOf({ minor: 12_345, major: 0 }, regions, null),
    /^12,345 faults spread over 12,345 regions, 100 % of them in 12,345 of kind anon; the most, 0\.0 %, fall in /,
  );
});

test("small regions of different kinds are not told as one", () => {
  const regions = (["anon", "file", "heap", "stack", "shmem"] as const).map((kind, i) =>
    region(i * 8192, 1, { minor: 10, kind }),
  );
  assert.match(
    verdictOf({ minor: 50, major: 0 }, regions, null),
    /^50 faults spread over 5 regions; the most, 20 %/,
  );
});

test("a region is named as in the table, and by its kind", () => {
  const of = (changes: Partial<RegionRecord>): string =>
    verdictOf({ minor: 1000, major: 0 }, [region(0x7f000000, 1000, { minor: 1000, ...changes })], null);
  assert.match(of({ name: "anon" }), /fall in anon 7f000000: /);
  assert.match(of({ name: "shmem", kind: "shmem" }), /fall in shmem 7f000000: /);
  assert.match(of({ name: "[heap]", kind: "heap" }), /fall in \[heap\]: /);
  assert.match(of({ name: "libc.so.6", kind: "file" }), /fall in libc\.so\.6 \(file\): /);
});

test("a walk that changed is told phase by phase, unless it thrashes", () => {
  const phase = (from: number, to: number, order: "sequential" | "reverse" | "random") => ({
    ...{ from, to, start: 0, end: 1, pattern: order, order, stride: null, confidence: 1 },
  });
  const phases = [phase(0, 520, "sequential"), phase(520, 540, "random"), phase(540, 1000, "reverse")];
  const of = (changes: Partial<RegionRecord>): string =>
    verdictOf({ minor: 1000, major: 0 }, [region(0, 1000, { minor: 1000, phases, ...changes })], null);
  assert.match(of({}), /: sequential 52 %, then reverse 46 %, over /);
  assert.match(of(thrashing("sequential")), /: thrashing, sequential, over /);
  assert.match(of({ phases: phases.slice(0, 1) }), /: sequential, over /);
});

test("huge pages are advised where the kernel gives them, for memory that can have them", () => {
  const of = (huge: HugePages | null, changes: Partial<RegionRecord>): string =>
    verdictOf({ minor: 8192, major: 0 }, [region(0, 8192, { minor: 8192, pages: 8192, ...changes })], huge);
  const madvise = { anon: true, shmem: false };
  assert.match(of(madvise, {}), /Huge pages \(MADV_HUGEPAGE\) would take one .* MAP_POPULATE none\.$/);
  assert.match(of(madvise, { kind: "heap" }), /\(MADV_HUGEPAGE\) .* MADV_POPULATE_WRITE none\.$/);
  assert.match(
    of(madvise, { kind: "shmem" }),
    / MAP_POPULATE would take none; huge pages, .*, are switched off \(transparent_hugepage\/shmem_enabled\)\.$/,
  );
  assert.match(of({ anon: false, shmem: true }, {}), /switched off \(transparent_hugepage\/enabled\)\.$/);
  assert.match(of({ anon: false, shmem: true }, { kind: "shmem" }), /\(MADV_HUGEPAGE\)/);
  const mounted = { kind: "shmem", path: "/dev/shm/queue" } as const;
  for (const unknown of [of(null, {}), of(madvise, mounted)])
    assert.match(unknown, /\(MADV_HUGEPAGE, where they are switched on\)/);
  assert.match(of(madvise, { kind: "stack" }), /over 32M\.$/);
});

test("read-ahead is judged by what waits for it", () => {
  const of = (minor: number, major: number, order: "random" | "sequential"): string =>
    verdictOf(
      { minor, major },
      [region(0, 8192, { kind: "file", minor, major, pages: minor, pattern: order, order })],
      null,
    );
  assert.match(of(100, 3000, "random"), /MADV_RANDOM, where it is not set yet, would save/);
  assert.match(of(100, 3000, "sequential"), /MADV_SEQUENTIAL or MADV_POPULATE_READ would/);
  for (const order of ["random", "sequential"] as const) assert.doesNotMatch(of(3000, 11, order), /MADV_/);
});
