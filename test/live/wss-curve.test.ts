import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { WssPointRecord } from "../../lib/metric/wss-record.ts";
import { workloadPath } from "../../lib/paths.ts";
import { make, start, writable } from "../helpers-c/programs.ts";
import { nextRecord, startWss } from "./wss.ts";

const PAGE = 4096;
/** Pages of a pass; each pass moves on by as many. */
const HOT = 61;
/** Pages that LOW leaves out of a mapping, since they may be marked without having been touched (docs/wss.md). */
const MARGIN = 8;
/** How often a reading may be late, or the passes miss their windows. */
const ATTEMPTS = 10;

before(() => make("hot"));

/** The points of two epochs. One pass is done after the first, three after the second: `done` is when. */
async function curve(): Promise<{ points: WssPointRecord[]; done: number[] }> {
  const program = start(workloadPath("hot"), ["-s", "-n", "1024", "-w", String(HOT), "-m", "1"]);
  const passes = async (count: number): Promise<void> => {
    writable(program, 0).write("s".repeat(count));
    for (let i = 0; i < count; i++) await program.line();
  };
  try {
    await program.line();
    const wss = startWss("-p", String(program.pid), "--curve", "4", "1", "2");
    const [points, done]: [WssPointRecord[], number[]] = [[], []];
    for (let record = await nextRecord(wss); record !== null; record = await nextRecord(wss)) {
      if (record.type === "start") assert.deepEqual([record.windows, record.interval], [[1, 2, 4], 1]);
      if (record.type !== "point") continue;
      points.push(record);
      const count = [1, 3][points.length - 1];
      if (count === undefined) continue;
      await passes(count);
      done.push(Date.now() / 1000);
    }
    assert.equal((await wss.end).code, 0);
    return { points, done };
  } finally {
    program.process.kill("SIGKILL");
  }
}

const WINDOWS = [
  [1, 1],
  [1, 2],
  [1, 4],
  [2, 1],
].join();

/** Every reading came, which one that is late does not, and the passes were done before the next one began. */
const isTimely = ({ points, done }: Awaited<ReturnType<typeof curve>>): boolean =>
  points
    .slice(0, 4)
    .map(({ epoch, window }) => [epoch, window])
    .join() === WINDOWS &&
  done.every((moment, i) => {
    const { time, costSeconds } = points[i + 1] as WssPointRecord;
    return moment < time - costSeconds;
  });

test("--curve: within an epoch the working set grows by just what moving passes touch, and the next one forgets it", async () => {
  let seen = await curve();
  for (let attempt = 1; !isTimely(seen) && attempt < ATTEMPTS; attempt++) seen = await curve();
  assert.ok(isTimely(seen), `never in time: ${JSON.stringify(seen)}`);
  const [idle, one, four, again] = seen.points as [
    WssPointRecord,
    WssPointRecord,
    WssPointRecord,
    WssPointRecord,
  ];
  // the first pass also touches stack and buffers, those after it the same ones again; LOW leaves a margin for
  // each mapping, which is the same for one pass and for four
  assert.ok(one.wssLow - idle.wssLow >= (HOT - MARGIN) * PAGE, `${one.wssLow} after ${idle.wssLow}`);
  assert.equal(four.wssLow - one.wssLow, 3 * HOT * PAGE);
  assert.ok(again.wssLow < HOT * PAGE, `${again.wssLow}`);
});
