import assert from "node:assert/strict";
import { before, test } from "node:test";
import { workloadPath } from "../../lib/paths.ts";
import { make, start, writable } from "../helpers-c/programs.ts";
import { wait } from "./tool.ts";
import { nextOf, startWss } from "./wss.ts";

const N = 1009;

before(() => make("known"));

test("a sample has the faults that the process took in its window, exactly", async () => {
  const program = start(workloadPath("known"), ["-w", "touch", String(N)]);
  try {
    await program.line();
    const wss = startWss("-p", String(program.pid), "1", "3");
    const idle = await nextOf(wss, "sample");
    await wait(200); // the second window has begun
    writable(program, 0).write("x");
    await program.line();
    const busy = await nextOf(wss, "sample");
    assert.deepEqual([idle.minor, idle.major], [0, 0]);
    assert.deepEqual([busy.minor, busy.major], [N, 0]);
    assert.ok(busy.wss >= N * 4096);
    assert.equal((await wss.end).code, 0);
  } finally {
    program.process.kill("SIGKILL");
  }
});
