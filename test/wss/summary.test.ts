import assert from "node:assert/strict";
import { test } from "node:test";
import type { WssSampleRecord } from "../../lib/metric/wss-record.ts";
import { Summaries } from "../../lib/wss/summary.ts";
import { wssSamples } from "../plots/wss-records.ts";

const MIB = 1 << 20;

function verdictOf(method: string, changes: Partial<WssSampleRecord>): string {
  const sums = new Summaries();
  for (const sample of wssSamples({ method, count: 3 })) sums.add({ ...sample, swap: 0, ...changes });
  const [summary] = sums.records({ endedBy: "count", exitStatus: () => null, time: 0 });
  return summary?.verdict ?? "";
}

const exactly = (size: number) => ({ wss: size, wssLow: size, wssHigh: size });

test("the verdict is a share of what the process has, in memory and in swap", () => {
  const size = { ...exactly(16 * MIB), rss: 64 * MIB };
  assert.match(verdictOf("referenced", size), /touches 16M in 1\.0 s, 25 % of its 64M\. By referenced/);
  const out = verdictOf("refault", { ...size, rss: 16 * MIB, swap: 48 * MIB });
  assert.match(out, /touches 16M in 1\.0 s, 25 % of its 64M \(with swap\)\. By refault/);
  assert.match(verdictOf("written", size), /writes 16M in /);
});

test("where more could not be told than was found, the verdict has no figure but the bounds", () => {
  const blind = { wss: 4096, wssLow: 4096, wssHigh: 60 * MIB, untracked: 60 * MIB, rss: 60 * MIB };
  assert.match(
    verdictOf("refault", { ...blind, swap: 4 * MIB }),
    /touches between 4\.0K and 60M in 1\.0 s: of 60M of its 64M \(with swap\) that cannot be told\. By refault/,
  );
});

test("a range is told where its ends differ as they are shown", () => {
  const of = (step: number): string => {
    const sums = new Summaries();
    for (const [i, sample] of wssSamples({ count: 3 }).entries())
      sums.add({ ...sample, ...exactly(16 * MIB + i * step), rss: 64 * MIB });
    return sums.records({ endedBy: "count", exitStatus: () => null, time: 0 })[0]?.verdict ?? "";
  };
  assert.match(of(MIB), /\(16M to 18M over 3 windows\)/);
  assert.doesNotMatch(of(4096), /16M to 16M/);
});
