import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseEvlist } from "../../../lib/source/perf-script/evlist.ts";
import { fixture } from "../cuts.ts";

const recorded = (name: string) => parseEvlist(fixture(`perf-6.1/evlist-${name}.txt`).toString());

test("minor and major faults with all that can be asked for", () => {
  const events = recorded("right");
  assert.deepEqual(
    events.map(({ name, kind, period, frequency, userOnly }) => [name, kind, period, frequency, userOnly]),
    [
      ["minor-faults", "minor", 1, null, false],
      ["major-faults", "major", 1, null, false],
    ],
  );
  for (const { sampleType } of events) {
    for (const type of ["IP", "TID", "TIME", "ADDR", "PHYS_ADDR", "DATA_PAGE_SIZE"]) {
      assert.ok(sampleType.has(type), type);
    }
  }
});

test("all faults, one in three, of user mode", () => {
  assert.deepEqual(
    recorded("sampled").map(({ name, kind, period, userOnly }) => [name, kind, period, userOnly]),
    [["faults:u", "any", 3, true]],
  );
});

test("by frequency, beside an event that is no fault", () => {
  assert.deepEqual(
    recorded("frequency").map(({ name, kind, frequency }) => [name, kind, frequency]),
    [
      ["minor-faults", "minor", 100],
      ["cpu-clock", "other", 100],
    ],
  );
});

test("no addresses", () => {
  assert.equal(recorded("no-addresses")[0]?.sampleType.has("ADDR"), false);
});

test("the whole machine, an event under a name of its own, and one that only keeps track", () => {
  assert.deepEqual(
    recorded("whole-machine").map(({ name, kind }) => [name, kind]),
    [
      ["faults", "any"],
      ["touched", "minor"],
      ["dummy:HG", "other"],
    ],
  );
});

test("no text upsets it", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(text, text, (name, rest) => {
      parseEvlist(`${name}: type: 1, size: 128,${rest}\n${rest}`);
    }),
  );
});
