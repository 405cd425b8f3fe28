import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseFaultcountLine } from "../../lib/source/counters.ts";
import { fixture, linesOf, parsesHoweverCut } from "./cuts.ts";

for (const name of ["faultcount", "faultcount-entries"]) {
  test(`helpers/${name}.txt gives the same lines wherever the stream is cut`, () => {
    const lines = parsesHoweverCut(fixture(`helpers/${name}.txt`), parseFaultcountLine);
    assert.deepEqual(lines[0], { type: "ready", threads: 1, unsure: 0, userOnly: false });
    assert.deepEqual(
      lines.slice(-3).map((line) => line.type),
      ["final", "count", "tick"],
      "what follows `final` was read with the events disabled",
    );
    assert.ok(!lines.some((line) => line.type === "other"));
  });
}

const last = (name: string) => {
  const counts = linesOf(fixture(`helpers/${name}.txt`))
    .map(parseFaultcountLine)
    .filter((line) => line.type === "count");
  const line = counts.at(-1);
  assert.ok(line);
  return line;
};

test("the counts of a known workload: all events, or entries alone", () => {
  const { entries, minor, major } = last("faultcount");
  assert.ok(minor >= 1009 && minor < 1200, String(minor));
  assert.equal(entries, minor + major);
  const alone = last("faultcount-entries");
  assert.ok(alone.entries >= 1009);
  assert.deepEqual([alone.minor, alone.major], [0, 0]);
});

test("a count without its numbers is none, and no line upsets the parser", () => {
  for (const line of ["count", "count 1 2 3", "count 1 2 x 4", "gone 17", "", "counts 1 2 3 4"]) {
    assert.deepEqual(parseFaultcountLine(line), { type: "other" });
  }
  fc.assert(fc.property(fc.string({ unit: "binary" }), (line) => void parseFaultcountLine(line)));
});
