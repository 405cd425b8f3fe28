import assert from "node:assert/strict";
import { test } from "node:test";
import {
  descendantsOf,
  isGone,
  recordsOf,
  start,
  startForker,
  startSleep,
  summariesOf,
  TOOL_BY_NPX,
  until,
} from "./tool.ts";

/** The command as the README gives it: npx, which starts tsx, which starts Node. */

test("npx tsx: rows, summary and status as through node", async (t) => {
  const { status, stdout } = await start(t, [...TOOL_BY_NPX, "-j", "0.2", "2", "-p", startSleep(t)]).ended;
  assert.equal(status, 0);
  assert.deepEqual(
    recordsOf(stdout).map(({ type }) => type),
    ["start", "sample", "sample", "summary"],
  );
});

test("npx tsx: COMMAND's status is passed on, and its books are exact", async (t) => {
  const { status, stdout } = await start(t, [...TOOL_BY_NPX, "-j", "--", "sh", "-c", "exit 7"]).ended;
  assert.equal(status, 7);
  const [summary] = summariesOf(stdout);
  assert.deepEqual([summary?.edge, summary?.unexplained, summary?.exitStatus], [0, 0, 7]);
});

test("npx tsx: Ctrl-C of the group leaves nothing behind, and the target alone", async (t) => {
  const target = startForker(t);
  const args = ["-j", "0.2", "-p", String(target.pid)];
  const tool = start(t, [...TOOL_BY_NPX, ...args], { detached: true });
  await tool.sees(/"sample"/);
  const family = descendantsOf(tool.pid);
  assert.ok(family.length >= 3, "tsx, node, and a tracer");
  process.kill(-tool.pid, "SIGINT");
  await tool.ended;
  await until("all of it gone", () => family.every(isGone));
  assert.ok(!isGone(target.pid));
});

test("npx tsx: who reads it may leave early", async (t) => {
  const script = `"$@" -j -a 0.2 | head -1; echo \${PIPESTATUS[0]}`;
  const { stdout, stderr } = await start(t, ["bash", "-c", script, "bash", ...TOOL_BY_NPX]).ended;
  assert.match(stdout, /^\{"type":"start".*\}\n0\n$/);
  assert.equal(stderr, "");
});
