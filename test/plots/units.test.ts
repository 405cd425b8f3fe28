import assert from "node:assert/strict";
import { test } from "node:test";
import * as units from "../../plots/browser/units.js";

test("numbers carry the unit that fits", () => {
  assert.equal(units.nanoseconds(850), "850 ns");
  assert.equal(units.nanoseconds(12_500), "12.5 us");
  assert.equal(units.nanoseconds(999_999), "1 ms");
  assert.equal(units.bytes(1536), "1.5 KiB");
  assert.equal(units.bytes(0), "0 B");
  assert.equal(units.count(1_234_567), "1,234,567");
  assert.equal(units.plain(0.25), "0.25");
  assert.equal(units.plain(2_500_000), "2.5 M");
});

test("seconds of a run read as a clock from a minute on", () => {
  assert.equal(units.elapsed(0.25), "0.25 s");
  assert.equal(units.elapsed(75), "1:15");
  assert.equal(units.elapsed(75.5), "1:15.5");
  assert.equal(units.elapsed(3700), "1:01:40");
});

test("what is not known is a dash, what is little is not zero", () => {
  for (const unit of [
    units.count,
    units.plain,
    units.bytes,
    units.nanoseconds,
    units.elapsed,
    units.percent,
  ]) {
    assert.equal(unit(null), "\u2013");
  }
  assert.equal(units.percent(0.0002), "< 0.1 %");
  assert.equal(units.percent(0.0234), "2.3 %");
});
