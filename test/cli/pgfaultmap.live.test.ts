import assert from "node:assert/strict";
import { before, test } from "node:test";
import { execa } from "execa";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { LIMIT_MS, make, start } from "../helpers-c/programs.ts";

before(() => make());

/** A terminal of its own; util-linux's script gives a pseudo terminal of no size: stty sets one. */
async function onTerminal(columns: number, rows: number, args: readonly string[]): Promise<string> {
  const command = `stty cols ${columns} rows ${rows}; exec node --import tsx scripts/pgfaultmap.ts ${args.join(" ")}`;
  const { stdout } = await execa("script", ["-qec", command, "/dev/null"], {
    cwd: ROOT,
    env: { TERM: "xterm" },
    timeout: LIMIT_MS,
  });
  return stdout;
}

test("on a terminal the busiest process is shown every second, then taken away for the report", async () => {
  const target = start(workloadPath("walk"), ["1009", "1000000"]);
  try {
    const args = ["-d", "3.5", "-p", String(target.pid)];
    const printed = await onTerminal(90, 30, args);
    const frames = [...printed.matchAll(/([\d,]+) faults in (\d+\.\d) s, now ([^/]+)\/s, major 0\/s/g)];
    assert.ok(frames.length >= 2 && frames.length <= 4, printed);
    const totals = frames.map(([, faults = ""]) => Number(faults.replaceAll(",", "")));
    assert.deepEqual(
      totals,
      totals.toSorted((a, b) => a - b),
    );
    const seconds = frames.map(([, , second]) => Number(second));
    assert.deepEqual(
      seconds,
      seconds.toSorted((a, b) => a - b),
    );
    assert.ok(printed.includes("\u001b[K\r\n"), "drawn in place");
    const report = printed.slice(printed.lastIndexOf("faults in "));
    assert.match(report, /the books balance/);
    assert.match(report, /\u2580/, "half blocks in colour");
  } finally {
    target.process.kill("SIGKILL");
  }
});

test("a terminal that is too narrow, --color never, and -j: no screen, no escape", async () => {
  const run = ["--", "sleep", "1.3"];
  for (const [columns, args] of [
    [79, ["--color", "never", ...run]],
    [90, ["-j", ...run]],
  ] as const) {
    const printed = await onTerminal(columns, 30, args);
    assert.ok(!printed.includes("\u001b["), printed);
    assert.match(printed, columns === 79 ? /books balance/ : /"type":"summary"/);
  }
});
