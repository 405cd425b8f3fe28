import assert from "node:assert/strict";
import { test } from "node:test";
import { headerLine, rowLine } from "../../lib/term/table.ts";
import { columnsFor } from "../../lib/wss/columns.ts";
import { wssSamples } from "../plots/wss-records.ts";

test("no row of wss reaches 80 columns, and those of one second are told apart", () => {
  for (const interval of [10, 1, 0.1, 0.01])
    for (const follow of [false, true])
      for (const methods of [["referenced"], ["referenced", "written"]]) {
        const { samples, points } = columnsFor({ pids: [1], follow, methods, interval });
        assert.ok(headerLine(samples).length < 80, headerLine(samples));
        assert.ok(headerLine(points).length < 80, headerLine(points));
        const rows = wssSamples({ count: 2 }).map((sample, i) =>
          rowLine(samples, { ...sample, time: 1000 + i * interval }),
        );
        assert.equal(new Set(rows.map((row) => row.slice(0, row.search(/ \d/)))).size, 2, rows.join("\n"));
      }
});
