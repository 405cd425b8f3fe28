import assert from "node:assert/strict";
import { test } from "node:test";
import { EXIT, UserError } from "../../lib/cli/error.ts";
import { firstOf, RECORDERS, type RecorderName } from "../../lib/source/recorders.ts";
import type { Recorder } from "../../lib/source/stream/recorder.ts";

/** Attaches what is there; what is not says so with this exit status. */
function only(there: readonly RecorderName[], tried: RecorderName[], status: number = EXIT.prerequisite) {
  return async (name: RecorderName): Promise<Recorder> => {
    tried.push(name);
    if (!there.includes(name)) throw new UserError(`no ${name}`, status);
    return {} as Recorder;
  };
}

test("auto takes faultrec, then perf, then bpftrace, and says why not the first", async () => {
  for (const [there, tries] of [
    [["faultrec", "perf", "bpftrace"], 1],
    [["perf", "bpftrace"], 2],
    [["bpftrace"], 3],
  ] as const) {
    const tried: RecorderName[] = [];
    const { name, degraded } = await firstOf(RECORDERS, only(there, tried));
    assert.equal(name, there[0]);
    assert.deepEqual(tried, ["faultrec", "perf", "bpftrace"].slice(0, tries));
    assert.deepEqual(degraded, tries === 1 ? [] : [`recorded by ${name}: no faultrec`]);
  }
});

test("none attaches: the reason of the first", async () => {
  await assert.rejects(firstOf(RECORDERS, only([], [])), { message: "no faultrec", exitStatus: 3 });
});

test("there is nobody to record: no other is tried", async () => {
  const tried: RecorderName[] = [];
  await assert.rejects(firstOf(RECORDERS, only(["perf"], tried, EXIT.failed)), { exitStatus: 1 });
  assert.deepEqual(tried, ["faultrec"]);
});
