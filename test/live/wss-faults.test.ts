import assert from "node:assert/strict";
import { before, test } from "node:test";
import { execa } from "execa";
import type { WssSampleRecord } from "../../lib/metric/wss-record.ts";
import { helperPath, workloadPath } from "../../lib/paths.ts";
import { make, start, writable } from "../helpers-c/programs.ts";
import { hot, WRITTEN } from "./hot.ts";
import { hasWholePass } from "./known-run.ts";
import { wait } from "./tool.ts";
import { nextOf, restOf, startWss } from "./wss.ts";

const N = 1009;
/** How often the touches may miss their window. */
const ATTEMPTS = 20;

before(() => make());

const now = (): number => Number(process.hrtime.bigint());

/** An idle window and the one behind it, in which the program touches its pages; null where it missed that. */
async function windows(): Promise<[WssSampleRecord, WssSampleRecord] | null> {
  const program = start(workloadPath("known"), ["-w", "touch", String(N)]);
  try {
    await program.line();
    const wss = startWss("-p", String(program.pid), "1", "3");
    const idle = await nextOf(wss, "sample");
    await wait(200); // the second window has begun
    const beginNs = now();
    writable(program, 0).write("x");
    await program.line();
    const passes = [{ beginNs, endNs: now() }];
    const busy = await nextOf(wss, "sample");
    assert.equal((await wss.end).code, 0);
    return hasWholePass({ passes }, busy) ? [idle, busy] : null;
  } finally {
    program.process.kill("SIGKILL");
  }
}

test("a sample has the faults that the process took in its window, exactly", async () => {
  let seen: Awaited<ReturnType<typeof windows>> = null;
  for (let attempt = 0; seen === null && attempt < ATTEMPTS; attempt++) seen = await windows();
  assert.ok(seen, "the touches never came within the second window");
  const [idle, busy] = seen;
  assert.deepEqual([idle.minor, idle.major], [0, 0]);
  assert.deepEqual([busy.minor, busy.major], [N, 0]);
  assert.ok(busy.wss >= N * 4096);
});

test("faults that come while the marking is still being answered are the window's too", async (t) => {
  const trial = await execa(helperPath("wsscan"), ["-t"], { reject: false });
  if (trial.exitCode !== 0) return t.skip(`kernel: ${trial.stderr}`);
  const { pid } = await hot(t, "anon", "-p", "1"); // writes its pages again within a ms of each marking
  const wss = startWss("--method", "written", "-p", String(pid), "0.1", "20");
  const samples = (await restOf(wss)).filter((record) => record.type === "sample");
  assert.equal(samples.length, 20);
  for (const { minor } of samples) assert.ok((minor ?? 0) >= WRITTEN, `${minor} of ${WRITTEN}`);
});
