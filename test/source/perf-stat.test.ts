import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type PerfStatLine, parsePerfStatLine } from "../../lib/source/perf-stat.ts";
import { fixture, linesOf, parsesHoweverCut } from "./cuts.ts";

const EVENTS = ["minor-faults", "major-faults", "page-faults"];

const recorded = (name: string): PerfStatLine[] =>
  linesOf(fixture(`perf-6.1/stat-${name}.ndjson`))
    .map(parsePerfStatLine)
    .filter((line) => line !== null);

const total = (lines: readonly PerfStatLine[], event: string): number =>
  lines.reduce((sum, line) => sum + (line.event === event ? (line.value ?? 0) : 0), 0);

for (const name of ["touch", "python", "not-counted"]) {
  test(`perf-6.1/stat-${name}.ndjson gives the same intervals wherever the stream is cut`, () => {
    const lines = parsesHoweverCut(fixture(`perf-6.1/stat-${name}.ndjson`), parsePerfStatLine);
    assert.ok(lines.length > 0 && lines.length % EVENTS.length === 0);
    lines.forEach((line, i) => {
      assert.ok(line);
      assert.equal(line.event, EVENTS[i % EVENTS.length], "the three events of an interval in their order");
      const first = lines[i - (i % EVENTS.length)];
      assert.equal(line.interval, first?.interval);
    });
  });
}

test("the counts of a known workload add up over the intervals", () => {
  const lines = recorded("touch");
  const minor = total(lines, "minor-faults");
  assert.ok(minor >= 1009 && minor < 1200, String(minor));
  assert.equal(total(lines, "page-faults"), minor + total(lines, "major-faults"));
});

test("an interval in which the process did not run is <not counted>, which is no number", () => {
  const [held, ...later] = recorded("not-counted");
  assert.equal(held?.value, null);
  assert.ok(later.some((line) => line.value !== null && line.value > 0));
});

test("modifiers of an event are no part of its name", () => {
  const line = (event: string) =>
    parsePerfStatLine(JSON.stringify({ interval: 1.5, "counter-value": "7.000000", event }));
  assert.deepEqual(line("minor-faults:u"), { interval: 1.5, event: "minor-faults", value: 7 });
  assert.deepEqual(line("page-faults"), { interval: 1.5, event: "page-faults", value: 7 });
});

test("what is not such a line is null: other text, a line that was cut, no interval, no event", () => {
  const lines = [
    "",
    "# started on Sun",
    '{"interval" : 0.1',
    "[]",
    "{}",
    '{"event":"x"}',
    '{"interval":1}',
    "null",
  ];
  assert.deepEqual(
    lines.map(parsePerfStatLine),
    lines.map(() => null),
  );
});

test("no line upsets the parser", () => {
  const object = fc
    .record(
      { interval: fc.jsonValue(), event: fc.jsonValue(), "counter-value": fc.jsonValue() },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(fc.oneof(object, fc.string({ unit: "binary" })), (line) => {
      const parsed = parsePerfStatLine(line);
      if (parsed !== null) assert.ok(Number.isFinite(parsed.interval));
    }),
  );
});
