import assert from "node:assert/strict";
import { test } from "node:test";
import { sparkline } from "../../lib/term/sparkline.ts";

test("from 0 to the largest, and never wider than it may be", () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 10), "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588");
  assert.equal(sparkline([5, 5], 10), "\u2588\u2588");
  assert.equal(sparkline([0, 0], 10), "\u2581\u2581");
  assert.equal(sparkline([], 10), "");
});

test("a single peak among a thousand values is not lost", () => {
  const values = new Array<number>(1000).fill(0);
  values[777] = 9;
  const line = sparkline(values, 10);
  assert.equal(line.length, 10);
  assert.equal(line[7], "\u2588");
});
