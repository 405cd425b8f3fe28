import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import Papa from "papaparse";
import { UserError } from "../../lib/cli/error.ts";
import type { FaultRecord, SampleRecord } from "../../lib/metric/record.ts";
import { SAMPLE_METRICS } from "../../lib/metric/registry.ts";
import { csvView } from "../../lib/views/csv.ts";
import { sample, start, summary } from "../records.ts";

const folder = mkdtempSync(join(tmpdir(), "csv-"));
after(() => rmSync(folder, { recursive: true }));

function csvOf(records: readonly FaultRecord[]): { text: string; header: string[]; rows: string[][] } {
  const path = join(folder, "data.csv");
  const view = csvView(path);
  for (const record of records) view.take(record);
  view.end();
  const text = readFileSync(path, "utf8");
  const { data, errors } = Papa.parse<string[]>(text, { skipEmptyLines: true });
  assert.deepEqual(errors, []);
  const [header = [], ...rows] = data;
  return { text, header, rows };
}

const anySample: fc.Arbitrary<SampleRecord> = fc
  .record({
    time: fc.double({ min: 0, max: 2e9, noNaN: true }),
    minor: fc.nat(),
    comm: fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('a,"b"', "a\nb", "=1+1", " x ", "'")),
    rss: fc.option(fc.nat()),
    p50Ns: fc.option(fc.nat()),
  })
  .map(({ p50Ns, ...changes }) => {
    const latency = { count: 1, p50Ns, p90Ns: 2, p99Ns: 3, maxNs: 4 };
    return sample({ ...changes, latency: { minor: latency, major: latency } });
  });

test("CSV parses back to the values of the samples, a column for each metric", () => {
  fc.assert(
    fc.property(fc.array(anySample, { maxLength: 5 }), (samples) => {
      const { header, rows } = csvOf([start(), ...samples, summary()]);
      assert.deepEqual(
        header,
        SAMPLE_METRICS.map((metric) => metric.name),
      );
      const expected = samples.map((each) =>
        SAMPLE_METRICS.map((metric) => String(metric.value(each) ?? "")),
      );
      assert.deepEqual(rows, expected);
    }),
  );
});

test("a value that could not be had is empty, not 0", () => {
  const { header, rows } = csvOf([sample({ rss: null })]);
  const row = new Map(header.map((name, i) => [name, rows[0]?.[i]]));
  assert.deepEqual(
    [row.get("rss"), row.get("tid"), row.get("minorP50Ns"), row.get("major")],
    ["", "", "", "0"],
  );
});

test("lines end in a line feed, and a run without samples is the header alone", () => {
  const { text } = csvOf([start(), summary()]);
  assert.equal(text, `${SAMPLE_METRICS.map((metric) => metric.name).join()}\n`);
  assert.ok(!csvOf([sample()]).text.includes("\r"));
});

test("a file that cannot be opened fails at once, in one line", () => {
  assert.throws(
    () => csvView(join(folder, "nosuch", "data.csv")),
    (error) =>
      error instanceof UserError && /^cannot open '.*data.csv': no such directory$/.test(error.message),
  );
});
