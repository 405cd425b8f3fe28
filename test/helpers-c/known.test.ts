import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { before, type TestContext, test } from "node:test";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { perfIsMissing } from "./perf.ts";
import { make, start } from "./programs.ts";
import { CannotRun, field, type Measured, measure } from "./section.ts";

const N = 1009;

let noPerf: string | null;
before(async () => {
  await make("known");
  noPerf = await perfIsMissing();
});

/** The section's faults as an outside observer has them: perf's counts and what /proc has more. */
function books({ traced, kernel }: Measured): Record<string, number> {
  const { minor, major, entries } = traced;
  const untraced = kernel.minor + kernel.major - minor - major;
  return { minor, major, failed: entries - minor - major, untraced };
}

const nothing = { minor: 0, major: 0, failed: 0, untraced: 0 };
const expected: Record<string, Record<string, number>> = {
  touch: { ...nothing, minor: N },
  read: { ...nothing, minor: N },
  cow: { ...nothing, minor: N },
  "cow-child": nothing,
  populate: { ...nothing, untraced: N },
  mlock: { ...nothing, untraced: N },
  vmwritev: { ...nothing, untraced: N },
  segv: { ...nothing, failed: N },
  sigbus: { ...nothing, failed: N },
};

for (const [mode, faults] of Object.entries(expected)) {
  test(`known ${mode}: perf and /proc count exactly the faults that it says it takes`, async (t) => {
    if (noPerf) return t.skip(noPerf);
    const measured = await measure("known", [mode, String(N)]);
    assert.deepEqual(books(measured), faults);
    for (const [kind, count] of Object.entries(faults)) assert.equal(measured.said[kind], count, kind);
  });
}

test("known cow-child: the writes are the child's faults", async (t) => {
  if (noPerf) return t.skip(noPerf);
  const measured = await measure("known", ["cow-child", String(N)], "child");
  assert.deepEqual(books(measured), { ...nothing, minor: N });
  assert.deepEqual(measured.said.child, { minor: N, major: 0 });
});

test("known cold: a file that is not in the page cache gives one major fault a page", async (t) => {
  if (noPerf) return t.skip(noPerf);
  const directory = temporaryDirectory(t);
  try {
    const measured = await measure("known", ["cold", `${directory}/cold`, "211"]);
    assert.deepEqual(books(measured), { ...nothing, major: 211 });
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    t.skip(error.message);
  }
});

test("the section is the change of the workload's own counters", async () => {
  const program = start(workloadPath("known"), ["populate", String(N)]);
  const said: unknown = JSON.parse((await program.line()) ?? "null");
  const change = Number(field(field(said, "after"), "minor")) - Number(field(field(said, "before"), "minor"));
  assert.equal(change, N);
});

test("known refuses a mode or a number that it does not know with 2", async () => {
  const mode = await start(workloadPath("known"), ["tuoch", "1"]).end;
  assert.deepEqual(mode, { code: 2, signal: null, stderr: "known: no such mode: 'tuoch'\n" });
  const number = await start(workloadPath("known"), ["touch", "0"]).end;
  assert.equal(number.code, 2);
  assert.match(number.stderr, /^known: N must be a whole number from 1 .*: '0'\n$/);
});

/** Within the repository: the system's temporary directory may lie in memory. */
function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(`${ROOT}/build/cold-`);
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}
