import assert from "node:assert/strict";
import { test } from "node:test";
import { wssTable } from "../../lib/wss/table.ts";
import { wssRun, wssSamples } from "../plots/wss-records.ts";

/** The end of the table of processes under two methods each. */
function ending(pids: readonly number[], limit: number): string {
  const lines: string[] = [];
  const view = wssTable({
    line: (text) => lines.push(text),
    paint: (_, text) => text,
    rows: () => null,
    limit,
  });
  const samples = pids.flatMap((pid) =>
    ["referenced", "written"].flatMap((method) => wssSamples({ pid, method, count: 2 })),
  );
  for (const record of wssRun(samples)) view.take(record);
  view.end?.();
  return lines.join("\n");
}

test("-n counts processes, not their methods", () => {
  const one = ending([7], 1);
  assert.match(one, /By referenced/);
  assert.match(one, /By written/);
  assert.doesNotMatch(one, /more process/);
  assert.match(ending([7, 8], 1), /^and 1 more process \(-n shows more\)$/m);
  assert.match(ending([7, 8, 9], 1), /^and 2 more processes \(-n shows more\)$/m);
});
