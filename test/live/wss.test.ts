import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, type TestContext, test } from "node:test";
import { make } from "../helpers-c/programs.ts";
import { foundIn, hasWholePass, runWss } from "./known-run.ts";
import { HOT_KINDS, type Hot, type HotKind, PAGE, startHot } from "./known-set.ts";

before(() => make());

/** Pages of memory that is the process's own: told one by one, by referenced too. */
const isOwn = ({ kind }: Hot): boolean => kind === "anon" || kind === "forked" || kind === "file-private";

/** Huge pages that khugepaged has made of small ones, in all processes. */
const pagesCollapsed = (): number =>
  Number(readFileSync("/sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed", "utf8"));

/**
 * What a method must say of a set that was touched whole in the window, and nothing else near it.
 * @param collapsed written pages may have been made a huge page, which no lower bound counts
 */
function assertFound(
  hot: Hot,
  method: string,
  { wss, low, high }: ReturnType<typeof foundIn>,
  collapsed: boolean,
): void {
  const truth = method === "written" ? hot.written : hot.touched;
  const what = `${method}, ${hot.kind}: ${low} ${wss} ${high} for ${truth}`;
  assert.ok(low <= truth && truth <= high, what);
  if (method === "written") {
    assert.deepEqual([wss, high], [truth, truth], what);
    assert.ok(low === truth || (hot.kind === "thp" && collapsed), what);
  }
  // and the pages that the processor looks at ahead of the program
  else if (isOwn(hot)) assert.ok(wss - truth <= Math.max(0.02 * truth, 8 * PAGE) && wss === high, what);
}

/** Known sets of these kinds under all methods at once; how many windows held a whole pass, by method. */
async function measure(
  t: TestContext,
  kinds: readonly HotKind[],
  sizes: Parameters<typeof startHot>[2],
  [seconds, windows]: [number, number],
): Promise<Map<string, number>> {
  const hots: Hot[] = [];
  for (const kind of kinds) hots.push(await startHot(t, kind, sizes));
  const collapsedBefore = pagesCollapsed();
  const pids = hots.map(({ pid }) => pid).join();
  const run = await runWss([
    "--method",
    "all",
    "--force",
    "--regions",
    "-p",
    pids,
    String(seconds),
    String(windows),
  ]);
  assert.equal(run.status, 0, run.stderr);
  const collapsed = pagesCollapsed() > collapsedBefore;
  const whole = new Map(run.start?.methods.map((method) => [method, 0]));
  for (const sample of run.samples) {
    const hot = hots.find(({ pid }) => pid === sample.pid);
    assert.ok(hot);
    const found = foundIn(hot, run, sample);
    assert.equal(found.wss + found.elsewhere, sample.wss, "the regions add up");
    if (!hasWholePass(hot, sample)) continue;
    whole.set(sample.method, 1 + (whole.get(sample.method) ?? 0));
    assertFound(hot, sample.method, found, collapsed);
  }
  t.diagnostic(JSON.stringify(Object.fromEntries(whole)));
  return whole;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** A set of so many bytes, three quarters of them written, in memory twice as large. */
const set = (bytes: number, periodMs: number) => ({
  pages: (2 * bytes) / PAGE,
  written: (0.75 * bytes) / PAGE,
  read: (0.25 * bytes) / PAGE,
  periodMs,
});

for (const [bytes, name, seconds, windows] of [
  [64 * KIB, "64 KiB", 0.1, 12],
  [2 * MIB, "2 MiB", 0.1, 12],
  [16 * MIB, "16 MiB", 1, 6],
] as const) {
  test(`a known set of ${name} in a window of ${seconds} s, of every kind, by every method`, async (t) => {
    const whole = await measure(t, HOT_KINDS, set(bytes, 20), [seconds, windows]);
    for (const [method, held] of whole) assert.ok(held > 0, method);
  });
}

for (const bytes of [64 * KIB, 1 * MIB]) {
  test(`a known set of ${bytes / KIB} KiB in a window of 10 ms`, async (t) => {
    const whole = await measure(t, ["anon", "forked"], set(bytes, 2), [0.01, 40]);
    for (const [method, windows] of whole) assert.ok(windows > 0, method);
  });
}
