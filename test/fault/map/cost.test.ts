import assert from "node:assert/strict";
import { test } from "node:test";
import { costFields, RegionCost } from "../../../lib/fault/map/cost.ts";
import { nodeLines } from "../../../lib/fault/map/region-table.ts";
import { mapLines } from "../../../lib/fault/map/table.ts";
import { ACCESSES } from "../../../lib/fault/types.ts";
import { mapSummary, region } from "../../plots/map-records.ts";

test("nothing recorded gives no field, not one of zeros", () => {
  assert.deepEqual(costFields([new RegionCost(), new RegionCost()]), {});
});

test("minor and major are apart, a process is the sum of its regions, what is unknown is counted as that", () => {
  const [a, b] = [new RegionCost(), new RegionCost()];
  a.timed(false, 1000);
  a.timed(false, Number.NaN);
  b.timed(true, 5_000_000);
  a.accessed(ACCESSES.indexOf("read"));
  b.accessed(ACCESSES.indexOf("copyOnWrite"));
  b.accessed(-1);
  const { latency, types } = costFields([a, b]);
  assert.deepEqual(
    [latency?.minor.count, latency?.minor.sumNs, latency?.minor.p50Ns, latency?.major.sumNs],
    [1, 1000, 992, 5_000_000],
  );
  assert.deepEqual(types, { read: 1, write: 0, execute: 0, copyOnWrite: 1, unknown: 1 });
  assert.equal(costFields([a]).latency?.major.p50Ns, null);
});

test("faults are told by the node of their page, with those that are not known", () => {
  const [a, b] = [new RegionCost(), new RegionCost()];
  a.placed(1);
  a.placed(-1);
  b.placed(1);
  b.placed(10);
  assert.deepEqual(costFields([a]).nodes, { unknown: 1, 1: 1 });
  a.absorb(b);
  assert.deepEqual(costFields([a, b]).nodes, { unknown: 1, 1: 3, 10: 2 });
  const rows = nodeLines([
    region(0x1000, 4, { nodes: { 0: 7, unknown: 2 } }),
    region(0x9000, 4, { nodes: { 1: 5 } }),
  ]);
  assert.deepEqual(
    rows.map((row) => row.trim().split(/\s+/).slice(0, 6)),
    [
      [""],
      ["node", "0", "node", "1", "unknown", "region"],
      ["7", "0", "2", "anon", "1000"],
      ["0", "5", "0", "anon", "9000"],
    ],
  );
});

test("with latency and types every line stays below 80 columns, and says who took the time", () => {
  const time = (sumNs: number) => ({
    minor: { count: 123_456_789, p50Ns: 1200, p90Ns: 2000, p99Ns: 1_234_567, maxNs: 98_765_432, sumNs },
    major: { count: 0, p50Ns: null, p90Ns: null, p99Ns: null, maxNs: null, sumNs: 0 },
  });
  const types = { read: 123_456_789, write: 0, execute: 7, copyOnWrite: 1_234_567_890, unknown: 3 };
  const long = { name: "a-library-with-a-long-name.so.6.2", minor: 123_456_789, major: 7, types };
  const regions = [
    region(0x7f0000000000, 1e6, { ...long, latency: time(3e9), pages: 987_654_321, refaults: 12_345_678 }),
    region(0x7f8000000000, 1e6, {
      ...long,
      latency: time(1e9),
      pattern: "strided",
      order: "strided",
      stride: 4096,
    }),
  ];
  const summary = mapSummary(246_913_578, 14, { latency: time(4e9), types });
  const lines = mapLines(
    { regions, functions: [], heat: null, summary },
    { limit: 20, heat: { lines: 24, color: false } },
  );
  assert.ok(
    lines.every((line) => line.length < 80),
    lines.join("\n"),
  );
  assert.match(lines[2] ?? "", / 3\.0s +75 % /);
  assert.ok(lines.some((line) => /^faults took 4\.0s: minor 4\.0s \(p50 1\.2us, p99 1\.2ms/.test(line)));
  assert.ok(lines.some((line) => /^ +read +write +execute +cow +unknown region$/.test(line)));
});
