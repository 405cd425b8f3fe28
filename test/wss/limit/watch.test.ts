import assert from "node:assert/strict";
import { test } from "node:test";
import { LimitWatch } from "../../../lib/wss/limit/watch.ts";
import { wssSamples } from "../../plots/wss-records.ts";

const { pid } = process;
const of = (method: string, count = 3) => wssSamples({ pid, method, count });
const most = (values: readonly number[]): number => Math.max(...values);

function recordOf(...samples: ReturnType<typeof of>) {
  const watch = new LimitWatch();
  watch.meet({ pid });
  for (const sample of samples) watch.add(sample);
  const [record] = watch.records(Date.now() / 1000);
  assert.ok(record);
  return record;
}

test("the largest window counts, the faults of all", () => {
  const samples = of("referenced");
  const { wssHigh, rss, witnesses, pids } = recordOf(...samples);
  assert.deepEqual([wssHigh, rss], [most(samples.map((s) => s.wssHigh)), most(samples.map((s) => s.rss))]);
  assert.deepEqual([witnesses.major, pids], [0 + 1 + 2, [pid]]);
});

test("a method that sees writes alone cannot exclude what is resident; one that sees reads is preferred", () => {
  const [written, referenced] = [of("written"), of("referenced")];
  assert.equal(recordOf(...written).wssHigh, most(written.map(({ rss }) => rss)));
  const both = recordOf(...written.slice(0, 1), ...referenced, ...written.slice(1));
  assert.equal(both.method, "referenced");
  assert.equal(both.wssHigh, most(referenced.map((sample) => sample.wssHigh)));
});

test("without a window there is no answer", () => {
  const watch = new LimitWatch();
  watch.meet({ pid });
  assert.deepEqual(watch.records(0), []);
});
