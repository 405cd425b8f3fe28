import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import type { SummaryRecord } from "../../../lib/metric/record.ts";
import { workloadPath } from "../../../lib/paths.ts";
import { figures, runTool, startTool } from "../../live/tool.ts";
import { hold } from "./held.ts";
import { COLD, SWAP } from "./modes.ts";

const N = 1009;
/** Balanced, in windows that are exact on both sides. */
const exact = { edge: 0, unexplained: 0, lost: 0 };

/** Measures `known populate N` from its first instruction to its end. */
async function booksOf(...options: string[]): Promise<SummaryRecord> {
  const run = await runTool(...options, "--", workloadPath("known"), "populate", String(N));
  assert.equal(run.status, 0, run.stderr);
  const [summary] = run.summaries;
  assert.ok(summary, run.stderr);
  return summary;
}

test("via bpftrace the books of a COMMAND balance: populated pages are the untraced ones", async () => {
  const summary = await booksOf("--via", "bpftrace", "-l");
  const { minor, major, kernelMinor, kernelMajor } = summary;
  const untraced = Number(kernelMinor) + Number(kernelMajor) - minor - major;
  assert.deepEqual(figures(summary), { minor, major, failed: 0, untraced, ...exact });
  assert.ok(untraced >= N && untraced < N + 10, `${N} populated and a few of exec: ${untraced}`);
});

test("via kprobe nothing of a COMMAND is untraced: populated pages and exec are seen as well", async () => {
  const summary = await booksOf("--via", "kprobe");
  const { kernelMinor, kernelMajor } = summary;
  assert.deepEqual(figures(summary), {
    minor: kernelMinor,
    major: kernelMajor,
    failed: null, // it does not see what ends before the handler
    untraced: 0,
    ...exact,
  });
  assert.ok(Number(kernelMinor) > N);
});

test("-g counts major faults from a disk and from swap, in a cgroup v2 and below it", async (t) => {
  const group = "/sys/fs/cgroup/family";
  mkdirSync(`${group}/child`, { recursive: true });
  const member = await hold("-g", group, ...COLD.args);
  const below = await hold("-g", `${group}/child`, ...SWAP.args);
  const programs = [member, below];
  t.after(() => {
    for (const program of programs) program.kill();
  });
  const tool = await startTool("-g", group);
  const took = new Map<number, unknown>();
  for (const { pid, runSection } of programs) {
    const { minor, major } = await runSection();
    took.set(pid, { minor, major, untraced: 0, edge: 0 });
  }
  const run = await tool.stop();
  assert.equal(run.status, 0, run.stderr);
  const counted = run.summaries.map(({ pid, minor, major, untraced, edge }): [number, unknown] => [
    pid,
    { minor, major, untraced, edge },
  ]);
  assert.deepEqual(new Map(counted), took);
  for (const program of programs) await program.finish();
});
