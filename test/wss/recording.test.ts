import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { WssRecord } from "../../lib/metric/wss-record.ts";
import { readWssRecording } from "../../lib/wss/recording.ts";
import { limit, wssCurves, wssPoints, wssRun, wssSamples, wssStart } from "../plots/wss-records.ts";

const folder = mkdtempSync(join(tmpdir(), "wss-recording-"));
after(() => rmSync(folder, { recursive: true }));
let made = 0;

/** What is read back of these records, with what a killed run leaves at the end. */
function read(records: readonly WssRecord[], tail = ""): WssRecord[] {
  const directory = join(folder, String(made++));
  mkdirSync(directory);
  const lines = records.map((record) => `${JSON.stringify(record)}\n`).join("");
  writeFileSync(join(directory, "samples.ndjson"), lines + tail);
  return readWssRecording(directory);
}

test("a whole recording is read back as it was written, limits too", () => {
  const records = [...wssRun(wssSamples({ count: 3 })), limit()];
  assert.deepEqual(read(records), records);
});

test("the curve of a killed run is made from its points", () => {
  const points = wssPoints(2);
  const [start, ...whole] = [wssStart({ windows: [0.01, 1] }), ...points];
  const records = read([start, ...whole], '{"type":"point","ti');
  const [curve] = wssCurves(points);
  assert.deepEqual(records.at(-1), { ...curve, endedBy: "failure" });
  assert.match(records.flatMap((one) => (one.type === "error" ? [one.message] : [])).join(), /was killed/);
});
