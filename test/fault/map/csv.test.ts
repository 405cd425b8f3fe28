import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import Papa from "papaparse";
import { regionsCsvView } from "../../../lib/fault/map/csv.ts";
import type { RegionRecord } from "../../../lib/metric/map-record.ts";
import { region } from "../../plots/map-records.ts";

async function written(t: { after: (done: () => void) => void }, ...regions: RegionRecord[]) {
  const folder = mkdtempSync(join(tmpdir(), "csv-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const view = regionsCsvView(join(folder, "regions.csv"));
  for (const each of regions) view.take(each);
  await view.end();
  const text = readFileSync(join(folder, "regions.csv"), "utf8");
  return Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true }).data;
}

const time = (sumNs: number) => ({ count: 3, p50Ns: 500, p90Ns: 900, p99Ns: null, maxNs: 1000, sumNs });

test("latencies and types have columns of their own, empty where they were not recorded", async (t) => {
  const types = { read: 4, write: 3, execute: 2, copyOnWrite: 1, unknown: 0 };
  const [with_, without] = await written(
    t,
    region(0x1000, 4, { latency: { minor: time(1500), major: time(7) }, types, minor: 9, major: 1 }),
    region(0x9000, 4),
  );
  const names = [
    "minorSumNs",
    "minorP50Ns",
    "minorP99Ns",
    "majorSumNs",
    "majorMaxNs",
    "read",
    "copyOnWrite",
    "unknown",
  ];
  assert.deepEqual(
    names.map((name) => with_?.[name]),
    ["1500", "500", "", "7", "1000", "4", "1", "0"],
  );
  assert.deepEqual(
    names.map((name) => without?.[name]),
    names.map(() => ""),
  );
  assert.deepEqual([with_?.start, with_?.minor, without?.mappings], ["0x1000", "9", "1"]);
});
