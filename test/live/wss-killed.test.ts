import assert from "node:assert/strict";
import { test } from "node:test";
import { isRegistered, type Victim } from "../helpers-c/victim.ts";
import { again, runWss } from "./killed.ts";
import { wait } from "./tool.ts";

const KILLS = 100;

test(`wss --method written killed at ${KILLS} random moments: its targets never notice`, async () => {
  let registered = 0;
  const kill = async (targets: Victim[], i: number): Promise<void> => {
    const run = runWss(targets);
    await run.injects();
    await wait(Math.random() * 80);
    registered += targets.filter(({ pid }) => isRegistered(pid)).length;
    await run.kill(i % 2 === 0 ? "tool" : "group");
  };
  await Promise.all([again(KILLS / 2, kill), again(KILLS / 2, kill)]);
  assert.ok(registered > 0, "some of them were being measured");
});
