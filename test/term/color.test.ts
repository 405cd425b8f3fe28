import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { painter } from "../../lib/term/color.ts";
import { histogramLines } from "../../lib/term/histogram.ts";

const isColored = (...[choice, where]: Parameters<typeof painter>): boolean =>
  painter(choice, where)("red", "x") !== "x";

test("colour is for terminals that want it, and the user's word comes first", () => {
  const terminal = { isTTY: true, env: {} };
  assert.ok(isColored("auto", terminal));
  assert.ok(!isColored("auto", { isTTY: false, env: {} }));
  assert.ok(!isColored("auto", { isTTY: true, env: { NO_COLOR: "1" } }));
  assert.ok(isColored("auto", { isTTY: true, env: { NO_COLOR: "" } }), "no-color.org: only when not empty");
  assert.ok(!isColored("auto", { isTTY: true, env: { TERM: "dumb" } }));
  assert.ok(isColored("always", { isTTY: false, env: { NO_COLOR: "1" } }));
  assert.ok(!isColored("never", terminal));
});

test("paint changes no letter", () => {
  const paint = painter("always", { isTTY: false, env: {} });
  assert.equal(stripVTControlCharacters(paint("bold", "PID")), "PID");
});

const bucket = fc.record({ minor: fc.nat({ max: 1e9 }), major: fc.nat({ max: 1e9 }) });

test("a histogram shows one class from its first bucket to its last, the fullest with a full bar", () => {
  fc.assert(
    fc.property(fc.array(bucket, { maxLength: 30 }), (counts) => {
      const buckets = counts.map((each, i) => ({ fromNs: 2 ** (i + 6), toNs: 2 ** (i + 7), ...each }));
      const lines = histogramLines(buckets, "minor");
      const values = counts.map(({ minor }) => minor);
      const first = values.findIndex((value) => value > 0);
      const last = values.findLastIndex((value) => value > 0);
      assert.equal(lines.length, first < 0 ? 0 : last - first + 1);
      for (const line of lines) assert.ok(line.length < 78, line);
      if (first >= 0) assert.ok(lines.some((line) => line.includes(`|${"@".repeat(30)}|`)));
    }),
  );
});
