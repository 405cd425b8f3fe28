import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../lib/cli/error.ts";
import type { FaultRecord, SummaryRecord } from "../../lib/metric/record.ts";
import { readRecording, recordingView } from "../../lib/views/recording.ts";
import { openViews } from "../../lib/views/views.ts";
import { sample, start, summary, T0 } from "../records.ts";

const folder = mkdtempSync(join(tmpdir(), "recording-"));
after(() => rmSync(folder, { recursive: true }));

const FIXTURES = join(import.meta.dirname, "../fixtures/records");
const fixture = (name: string): Buffer => readFileSync(join(FIXTURES, `${name}.ndjson`));

let made = 0;
/** A recording that holds these bytes. */
function recordingOf(bytes: Uint8Array | string): string {
  const directory = join(folder, String(made++));
  mkdirSync(directory);
  writeFileSync(join(directory, "samples.ndjson"), bytes);
  return directory;
}

/** Everything that report would show. */
function render(records: readonly FaultRecord[], json = false): string {
  const lines: string[] = [];
  const out = { isTTY: false, rows: null, line: (text: string) => void lines.push(text) };
  const html = join(folder, "page.html");
  const options = { color: "never", rows: 20, csv: join(folder, "data.csv"), html } as const;
  const view = openViews({ ...options, ...(json ? { json: true } : {}) }, {
    out,
    warn: assert.fail,
  } as never);
  for (const record of records) view.take(record);
  view.end();
  assert.match(readFileSync(html, "utf8"), /<\/html>\s*$/);
  return lines.join("\n");
}

const summariesOf = (records: readonly FaultRecord[]): SummaryRecord[] =>
  records.filter((record) => record.type === "summary");
const sum = (records: readonly { minor: number }[]): number => records.reduce((n, each) => n + each.minor, 0);
const samplesOf = (records: readonly FaultRecord[]) => records.filter((record) => record.type === "sample");

for (const name of ["one-process", "many-processes"]) {
  test(`${name}: what is recorded is read back, record by record`, () => {
    const records: FaultRecord[] = fixture(name)
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const directory = join(folder, name);
    const view = recordingView(directory);
    for (const record of records) view.take(record);
    view.end();
    assert.deepEqual(readRecording(directory), records);
    assert.deepEqual(JSON.parse(readFileSync(join(directory, "meta.json"), "utf8")), records[0]);
    assert.equal(render(records, true), fixture(name).toString().trimEnd());
  });
}

test("a recording that was cut after any line renders, and its sums are those of its samples", () => {
  const lines = fixture("one-process").toString().trimEnd().split("\n");
  for (let n = 1; n <= lines.length; n++) {
    const records = readRecording(recordingOf(`${lines.slice(0, n).join("\n")}\n`));
    assert.equal(sum(summariesOf(records)), sum(samplesOf(records)) || sum(summariesOf(records)));
    assert.equal(
      records.some((record) => record.type === "error"),
      n < lines.length,
      `${n} lines`,
    );
    assert.ok(render(records).includes(n > 1 ? "Average:" : ""));
  }
});

test("a recording that was cut within a line is the one without that line", () => {
  const bytes = fixture("one-process");
  const ends = [...bytes.keys()].filter((at) => bytes[at] === 0x0a);
  ends.slice(0, -1).forEach((end, i) => {
    const length = (ends[i + 1] ?? bytes.length) - end;
    const whole = readRecording(recordingOf(bytes.subarray(0, end + 1)));
    for (const within of [1, 2, Math.floor(length / 2), length - 2]) {
      assert.deepEqual(readRecording(recordingOf(bytes.subarray(0, end + 1 + within))), whole);
    }
  });
});

test("of a run that was killed between its summaries those that lack are made, the others stay", () => {
  const records = [
    start({ pids: [1, 2], perThread: true }),
    sample({ pid: 1, minor: 5, comm: "one" }),
    sample({ pid: 2, tid: 2, minor: 7, comm: "two" }),
    sample({ pid: 2, tid: 3, minor: 8, comm: "helper", time: T0 + 2 }),
    summary({ pid: 1, minor: 5 }),
  ];
  const read = readRecording(recordingOf(records.map((record) => JSON.stringify(record)).join("\n")));
  const [note, made, ...others] = read.slice(records.length);
  assert.match(note?.type === "error" ? note.message : "", /the run was killed/);
  assert.deepEqual(others, []);
  assert.deepEqual(made, {
    ...summary({ pid: 2, comm: "two", minor: 15, major: 0, time: T0 + 2, seconds: 2 }),
    ...{ failed: null, kernelMinor: null, kernelMajor: null, untraced: null, edge: null },
    ...{ unexplained: null, lost: null, exited: false, endedBy: "failure", exitStatus: null },
  });
});

test("a run that counted nothing is not called killed for certain", () => {
  const records = readRecording(recordingOf(`${JSON.stringify(start())}\n`));
  assert.match(records[1]?.type === "error" ? records[1].message : "", /killed, or nothing was counted/);
});

test("a line that is no whole record is passed over: numbers as text, no name, no object", () => {
  const { minor, ...without } = sample();
  const bad = [
    without,
    { ...sample(), minor: String(minor) },
    { ...sample(), comm: null },
    [],
    null,
    7,
    "start",
  ];
  const lines = [start(), ...bad, sample(), summary()].map((record) => JSON.stringify(record));
  assert.deepEqual(readRecording(recordingOf(lines.join("\n"))), [start(), sample(), summary()]);
});

test("a name is read whole where two pieces of a long recording meet in its middle", () => {
  const records = [
    start(),
    ...Array.from({ length: 9000 }, () => sample({ comm: "日本語のなまえ" })),
    summary(),
  ];
  const text = records.map((record) => JSON.stringify(record)).join("\n");
  assert.ok(Buffer.byteLength(text) > 1 << 20);
  assert.deepEqual(readRecording(recordingOf(text)), records);
});

test("records of types that are not known yet are passed over", () => {
  const lines = [start(), { type: "later", time: 1 }, sample(), summary()].map((record) =>
    JSON.stringify(record),
  );
  assert.deepEqual(readRecording(recordingOf(lines.join("\n"))), [start(), sample(), summary()]);
});

test("a directory that holds something is not recorded into", () => {
  const directory = recordingOf("");
  assert.throws(
    () => recordingView(directory),
    (error) => error instanceof UserError && error.exitStatus === 2 && /it is not empty$/.test(error.message),
  );
  assert.equal(readFileSync(join(directory, "samples.ndjson"), "utf8"), "", "and is left as it was");
});
