import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import { workloadPath } from "../../../lib/paths.ts";
import { hold } from "./held.ts";
import { COLD, SWAP } from "./modes.ts";
import { type Line, startTool } from "./tool.ts";

const N = 1009;

/** Measures `known ARGS` from its first instruction to its end; the summary. */
async function booksOf(options: string[], ...args: string[]): Promise<Line> {
  const tool = startTool("pgfaultstat", "-j", ...options, "--", workloadPath("known"), ...args);
  const { records, status, stderr } = await tool.end();
  assert.equal(status, 0, stderr);
  const summary = records.find(({ type }) => type === "summary");
  assert.ok(summary, stderr);
  return summary;
}

const number = (summary: Line, ...names: string[]): number =>
  names.reduce((sum, name) => sum + Number(summary[name]), 0);

test("via bpftrace the books of a COMMAND balance: populated pages are the untraced ones", async () => {
  const summary = await booksOf(["--via", "bpftrace", "-l"], "populate", String(N));
  const { failed, edge, unexplained, lost } = summary;
  assert.deepEqual({ failed, edge, unexplained, lost }, { failed: 0, edge: 0, unexplained: 0, lost: 0 });
  assert.equal(number(summary, "minor", "major", "untraced"), number(summary, "kernelMinor", "kernelMajor"));
  const untraced = number(summary, "untraced");
  assert.ok(untraced >= N && untraced < N + 10, `${N} populated and a few of exec: ${untraced}`);
});

test("via kprobe nothing of a COMMAND is untraced: populate, mlock and exec are seen as well", async () => {
  const summary = await booksOf(["--via", "kprobe"], "populate", String(N));
  const { minor, major, untraced, edge, unexplained } = summary;
  assert.deepEqual({ untraced, edge, unexplained }, { untraced: 0, edge: 0, unexplained: 0 });
  assert.deepEqual({ minor, major }, { minor: summary.kernelMinor, major: summary.kernelMajor });
  assert.ok(Number(minor) > N);
});

test("-g counts the processes of a cgroup v2 and of those below it, major faults of swap and disk too", async (t) => {
  const group = "/sys/fs/cgroup/family";
  mkdirSync(`${group}/child`, { recursive: true });
  const member = await hold("-g", group, ...COLD.args);
  const below = await hold("-g", `${group}/child`, ...SWAP.args);
  const outside = await hold("touch", String(N));
  const programs = [member, below, outside];
  t.after(() => {
    for (const program of programs) program.kill();
  });
  const tool = startTool("pgfaultstat", "-j", "-g", group);
  await tool.next("start");
  const took = new Map<unknown, unknown>();
  for (const { pid, runSection } of [member, below]) took.set(pid, await runSection());
  await outside.runSection();
  tool.interrupt();
  const { records, status, stderr } = await tool.end();
  assert.equal(status, 0, stderr);
  const summaries = records.filter(({ type }) => type === "summary");
  const counted = new Map(summaries.map(({ pid, minor, major }) => [pid, { minor, major }]));
  assert.deepEqual(counted, took);
  for (const { edge, untraced } of summaries) assert.deepEqual({ edge, untraced }, { edge: 0, untraced: 0 });
  for (const program of programs) await program.finish();
});
