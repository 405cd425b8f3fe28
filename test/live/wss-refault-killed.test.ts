import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { until } from "../helpers-c/programs.ts";
import type { Victim } from "../helpers-c/victim.ts";
import { refusalOfRefault } from "../helpers-c/zramswap.ts";
import { again, runWss } from "./killed.ts";
import { wait } from "./tool.ts";

const KILLS = 100;
/** A size that no other swap here has: 13 MiB less the header's page. */
const [ZRAM, OURS] = ["13M", /partition\s+13308\s/];

const hasSwap = (): boolean => OURS.test(readFileSync("/proc/swaps", "utf8"));

test(`wss --method refault killed at ${KILLS} random moments: no swap is left, its targets go on whole`, async (t) => {
  const refusal = await refusalOfRefault();
  if (refusal !== null) return t.skip(refusal);
  // how long it takes until it has swap is the machine's: the moments lie around that
  let spread = 0;
  await again(1, async (targets: Victim[]) => {
    const begin = performance.now();
    const run = runWss(targets, ["--method", "refault", "--zram", ZRAM]);
    await until("it has swap", hasSwap);
    spread = Math.max(1000, 2 * (performance.now() - begin));
    await run.kill("tool");
    await until("the swap is gone", () => !hasSwap());
  });
  let swapping = 0;
  await again(KILLS, async (targets: Victim[], i: number) => {
    const run = runWss(targets, ["--method", "refault", "--zram", ZRAM]);
    await wait(Math.random() * spread);
    if (hasSwap()) swapping++;
    await run.kill(i % 2 === 0 ? "tool" : "group");
    await until("the swap is gone", () => !hasSwap());
  });
  assert.ok(swapping > 0, "some of them were at work");
});
