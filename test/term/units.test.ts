import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as units from "../../lib/term/units.ts";

const large = fc.oneof(fc.nat(), fc.double({ min: 0, max: 2 ** 53, noNaN: true }).map(Math.floor));

test("the examples of the doc comments", () => {
  assert.equal(units.formatBytes(4096), "4.0K");
  assert.equal(units.formatBytes(1536 * 1024 ** 2), "1.5G");
  assert.deepEqual([950, 1700, 12_300_000, 2.5e9].map(units.formatNs), ["950n", "1.7u", "12m", "2.5s"]);
  assert.equal(units.formatBinary(2048), "2K");
  assert.equal(units.formatCount(123_456), "123456");
  assert.equal(units.formatCount(1_234_567, 6), "1.2M");
  assert.deepEqual(
    [0, 0.25, 31.4, 5210].map((rate) => units.formatRate(rate)),
    ["0", "0.25", "31.4", "5210"],
  );
  assert.equal(units.formatShare(0.0234), "2.3 %");
  assert.equal(units.formatShare(0.234), "23 %");
  assert.equal(units.formatDigits(1_234_567), "1,234,567");
});

test("no number is wider than its column", () => {
  fc.assert(
    fc.property(large, fc.integer({ min: 5, max: 15 }), (value, width) => {
      assert.ok(units.formatCount(value, width).length <= width, units.formatCount(value, width));
      assert.ok(units.formatRate(value / 7, width).length <= width, units.formatRate(value / 7, width));
      assert.ok(units.formatBytes(value).length <= 5, units.formatBytes(value));
      if (value < 1e14) assert.ok(units.formatNs(value).length <= 6, units.formatNs(value));
    }),
  );
});

test("two digits at least are right: what is shown is within a twentieth of the value", () => {
  const FACTORS: Record<string, number> = {
    B: 1,
    K: 1024,
    M: 1024 ** 2,
    G: 1024 ** 3,
    T: 1024 ** 4,
    P: 1024 ** 5,
  };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 52 }), (value) => {
      const [, digits, unit] = /^([\d.]+)(.)$/.exec(units.formatBytes(value)) ?? [];
      const shown = Number(digits) * (FACTORS[unit ?? ""] ?? Number.NaN);
      assert.ok(Math.abs(shown - value) <= value / 20, `${shown} for ${value}`);
    }),
  );
});

test("a rate that is not 0 is not shown as 0 from a hundredth on; nothing is 1000K", () => {
  assert.notEqual(units.formatRate(0.01), "0.00");
  assert.equal(units.formatBytes(1023.7 * 1024), "1.0M");
  assert.equal(units.formatNs(999_999), "1.0m");
});

test("what is unknown is a dash in tables and a word in prose", () => {
  assert.deepEqual(
    [units.formatBytes(null), units.formatNs(null), units.formatCount(null), units.formatShare(null)],
    ["-", "-", "-", "-"],
  );
  assert.equal(units.formatDigits(null), "unknown");
});

test("the time of day is that of the local clock", () => {
  const noon = new Date(2026, 0, 2, 12, 5, 9).getTime() / 1000;
  assert.equal(units.formatClock(noon + 0.9), "12:05:09");
  assert.deepEqual(
    [0.04, 0.3, 0.999].map((part) => units.formatClock(noon + part, 2)),
    ["12:05:09.04", "12:05:09.30", "12:05:09.99"],
  );
});

test("rows that come more than once a second have as many places as tell them apart", () => {
  assert.deepEqual([60, 1, 0.5, 0.1, 0.05, 0.01, 0.001].map(units.placesFor), [0, 0, 1, 1, 2, 2, 3]);
  for (const places of [0, 1, 2, 3])
    assert.equal(units.formatClock(0, places).length, units.clockWidth(places));
});
