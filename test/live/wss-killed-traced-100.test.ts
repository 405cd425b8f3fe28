import assert from "node:assert/strict";
import { test } from "node:test";
import { killTraced } from "./killed.ts";

test("wss --method written killed while a target is traced, kills 51 to 100 of 100: its targets never notice", async (t) => {
  const tries = await killTraced(50);
  t.diagnostic(`${tries} runs for 50 kills`);
  assert.ok(tries >= 50);
});
