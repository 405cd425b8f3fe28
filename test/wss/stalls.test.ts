import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Stalls } from "../../lib/fault/map/except.ts";
import type { WssRecord } from "../../lib/metric/wss-record.ts";
import { readStalls } from "../../lib/wss/stalls.ts";
import { wssPoints, wssRun, wssSamples, wssStart } from "../plots/wss-records.ts";

/** What is read of a recording of these records. */
function stallsOf(t: TestContext, records: readonly object[]): Stalls {
  const directory = mkdtempSync(join(tmpdir(), "stalls-"));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(
    join(directory, "samples.ndjson"),
    records.map((record) => `${JSON.stringify(record)}\n`).join(""),
  );
  return readStalls(directory);
}

const SECOND = 1e9;
const HOUR = 3600 * SECOND;

test("each sample has a stall, by process and in the order of time", (t) => {
  const samples = [
    ...wssSamples({ count: 2 }),
    ...wssSamples({ count: 1, pid: 43, method: "written", first: 2 }),
  ];
  const { byPid, clockOffset } = stallsOf(t, wssRun(samples.toReversed()));
  const at = (second: number) => ({
    beginNs: HOUR + second * SECOND,
    endNs: HOUR + second * SECOND + 0.002 * SECOND,
  });
  const rounded = (pid: number) =>
    byPid.get(pid)?.map(({ beginNs, endNs }) => [Math.round(beginNs / 1000), Math.round(endNs / 1000)]);
  const expected = (...seconds: number[]) =>
    seconds.map(at).map(({ beginNs, endNs }) => [beginNs / 1000, endNs / 1000]);
  assert.deepEqual(rounded(42), expected(0, 1));
  assert.deepEqual(rounded(43), expected(2));
  assert.equal(Math.round(clockOffset), wssStart().time - 3600);
});

test("the readings of one epoch of a curve share theirs", (t) => {
  const { byPid } = stallsOf(t, [wssStart({ windows: [0.01, 1] }), ...wssPoints(3)]);
  assert.equal(byPid.get(42)?.length, 3);
});

test("stalls that overlap are one", (t) => {
  const [first] = wssSamples({ count: 1 });
  assert.ok(first);
  const stalls = [
    [10, 20],
    [15, 17],
    [20, 30],
    [31, 40],
  ];
  const records = stalls.map(([begin, end]): WssRecord => ({ ...first, stallNs: [begin ?? 0, end ?? 0] }));
  assert.deepEqual(stallsOf(t, [wssStart(), ...records]).byPid.get(42), [
    { beginNs: 10, endNs: 30 },
    { beginNs: 31, endNs: 40 },
  ]);
});

test("a recording whose stalls have no time of CLOCK_MONOTONIC is refused", (t) => {
  const old = wssSamples({ count: 2 }).map(({ stallNs: _, ...rest }) => rest);
  assert.throws(() => stallsOf(t, [wssStart(), ...old]), /has no window of wss with the time of its marking/);
});
