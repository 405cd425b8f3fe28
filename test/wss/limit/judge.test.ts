import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitWitnesses } from "../../../lib/metric/wss-limit-record.ts";
import { judge } from "../../../lib/wss/limit/judge.ts";
import { limit } from "../../plots/wss-records.ts";

const MIB = 1 << 20;
const witnesses = (changes: Partial<LimitWitnesses>): LimitWitnesses => ({
  ...limit().witnesses,
  ...changes,
});

test("room, tight and no are told apart by headroom and refaults", () => {
  assert.equal(judge(limit({ headroom: 50 * MIB })).fits, "room");
  assert.equal(judge(limit({ headroom: 5 * MIB })).fits, "tight");
  assert.equal(judge(limit({ headroom: -MIB })).fits, "tight");
  const thrashing = judge(limit({ headroom: 50 * MIB, witnesses: witnesses({ refaultAnon: 5000 }) }));
  assert.equal(thrashing.fits, "no");
  assert.match(thrashing.verdict, /does not fit .*: 500 pages a second were evicted and had to come back/);
  assert.equal(judge(limit({ witnesses: witnesses({ oomKills: 1 }) })).fits, "no");
});

test("a few refaults are said and prove nothing", () => {
  const { fits, verdict } = judge(limit({ headroom: 50 * MIB, witnesses: witnesses({ refaultFile: 3 }) }));
  assert.equal(fits, "room");
  assert.match(verdict, /3 pages had to come back/);
});

test("refaults of the whole machine count only as far as the processes waited for pages", () => {
  const machine = witnesses({ refaultsOf: "machine", refaultAnon: 90_000, major: 0 });
  assert.equal(judge(limit({ headroom: 50 * MIB, witnesses: machine })).fits, "room");
  assert.equal(judge(limit({ headroom: 50 * MIB, witnesses: { ...machine, major: 90_000 } })).fits, "no");
});

test("without any witness nothing is known", () => {
  const blind = witnesses({ refaultsOf: null, refaultAnon: null, refaultFile: null, major: null });
  const { fits, verdict } = judge(limit({ headroom: 50 * MIB, witnesses: blind }));
  assert.equal(fits, "unknown");
  assert.match(verdict, /the kernel counts no refaults/);
});

test("a hostile name does not break the sentence", () => {
  assert.ok(!judge(limit({ comms: ["a\nb\u202e"] })).verdict.includes("\n"));
});

test("what is charged to another cgroup takes nothing of the limit", () => {
  const elsewhere = { headroom: -40 * MIB, wssHigh: 132 * MIB, chargedMost: 4 * MIB };
  const { fits, verdict } = judge(limit(elsewhere));
  assert.equal(fits, "room");
  assert.match(verdict, /with 96M of the 100M of memory\.max to spare\. Touched are at most 132M/);
  assert.match(verdict, /charged there were at most 4\.0M: the rest counts for another cgroup\.$/);
  assert.equal(judge(limit({ ...elsewhere, cgroup: null })).fits, "tight");
});
