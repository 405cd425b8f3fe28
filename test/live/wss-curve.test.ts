import assert from "node:assert/strict";
import { before, test } from "node:test";
import { workloadPath } from "../../lib/paths.ts";
import { make, start, writable } from "../helpers-c/programs.ts";
import { nextOf, restOf, startWss } from "./wss.ts";

const PAGE = 4096;
/** Pages of a pass; each pass moves on by as many. */
const HOT = 61;
/** Pages that LOW leaves out of a mapping, since they may be marked without having been touched (docs/wss.md). */
const MARGIN = 8;

before(() => make("hot"));

test("--curve: within an epoch the working set grows by just what moving passes touch, and the next one forgets it", async () => {
  const program = start(workloadPath("hot"), ["-s", "-n", "1024", "-w", String(HOT), "-m", "1"]);
  const passes = async (count: number): Promise<void> => {
    writable(program, 0).write("s".repeat(count));
    for (let i = 0; i < count; i++) await program.line();
  };
  try {
    await program.line();
    const wss = startWss("-p", String(program.pid), "--curve", "4", "1", "2");
    const { windows, interval } = await nextOf(wss, "start");
    assert.deepEqual([windows, interval], [[1, 2, 4], 1]);
    const idle = await nextOf(wss, "point");
    await passes(1);
    const one = await nextOf(wss, "point");
    await passes(3);
    const four = await nextOf(wss, "point");
    const again = await nextOf(wss, "point");
    await restOf(wss);
    assert.deepEqual(
      [idle, one, four, again].map(({ epoch, window }) => [epoch, window]),
      [
        [1, 1],
        [1, 2],
        [1, 4],
        [2, 1],
      ],
    );
    // the first pass also touches stack and buffers, those after it the same ones again; LOW leaves a margin for
    // each mapping, which is the same for one pass and for four
    assert.ok(one.wssLow - idle.wssLow >= (HOT - MARGIN) * PAGE, `${one.wssLow} after ${idle.wssLow}`);
    assert.equal(four.wssLow - one.wssLow, 3 * HOT * PAGE);
    assert.ok(again.wssLow < HOT * PAGE, `${again.wssLow}`);
    assert.equal((await wss.end).code, 0);
  } finally {
    program.process.kill("SIGKILL");
  }
});
