import assert from "node:assert/strict";
import { test } from "node:test";
import type { WssPointRecord } from "../../lib/metric/wss-record.ts";
import { Curves, windowsOf } from "../../lib/wss/curve.ts";
import { curveLines } from "../../lib/wss/curve-text.ts";
import { WINDOWS, wssCurves, wssPoints } from "../plots/wss-records.ts";

test("windows are steps of 1, 2 and 5 between the ends, and the ends", () => {
  assert.deepEqual(windowsOf(0.01, 1), WINDOWS);
  assert.deepEqual(windowsOf(0.03, 0.7), [0.03, 0.05, 0.1, 0.2, 0.5, 0.7]);
  assert.deepEqual(windowsOf(1, 120), [1, 2, 5, 10, 20, 50, 100, 120]);
  assert.deepEqual(windowsOf(0.4, 0.45), [0.4, 0.45]);
});

const curveOf = (points: readonly WssPointRecord[]) => {
  const [curve] = wssCurves(points);
  assert.ok(curve);
  return curve;
};

test("a point of the curve is the median of the epochs with its range, the widest bounds, the largest RSS", () => {
  const points = wssPoints(3);
  const of = points.filter(({ window }) => window === 0.5);
  const [least, middle, most] = of;
  assert.ok(least && middle && most);
  const curve = curveOf(points.toReversed());
  assert.equal(curve.epochs, 3);
  assert.deepEqual(
    curve.points.find(({ window }) => window === 0.5),
    {
      ...{
        window: 0.5,
        seconds: 0.51,
        epochs: 3,
        wssMedian: middle.wss,
        wssMin: least.wss,
        wssMax: most.wss,
      },
      ...{ wssLow: least.wssLow, wssHigh: most.wssHigh, rss: middle.rss },
    },
  );
});

test("a reading that came too late is not booked under its window, and is said", () => {
  const [first, ...rest] = wssPoints(1);
  assert.ok(first);
  const curve = curveOf([{ ...first, seconds: 0.013 }, ...rest]);
  assert.deepEqual([curve.late, curve.points.length], [1, WINDOWS.length - 1]);
  assert.match(curve.verdict, /A reading came too late/);
  assert.match(curveOf([{ ...first, seconds: 9 }]).verdict, /No window of index \(pid 42\) was read in time/);
});

test("a longer window that shows less is said; the next epoch begins anew", () => {
  const points = wssPoints(2);
  assert.equal(curveOf(points).shrinks, 0);
  const shrunk = points.map((point, i) => (i === 3 ? { ...point, wss: 4096 } : point));
  const { shrinks, largestShrink, verdict } = curveOf(shrunk);
  assert.deepEqual([shrinks, largestShrink], [1, Number(points[2]?.wss) - 4096]);
  assert.match(verdict, /Once a longer window showed less than a shorter one/);
});

test("the verdict names the bend of the curve, or that it still grows", () => {
  assert.match(curveOf(wssPoints(1)).verdict, /still growing: a longer window would find more/);
  const flat = wssPoints(1).map((point) => ({ ...point, wss: point.window < 0.2 ? 4096 : 8 << 20 }));
  assert.match(curveOf(flat).verdict, /most of it in 200 ms already/);
  const level = wssPoints(1).map((point) => ({ ...point, wss: 4096 }));
  assert.match(curveOf(level).verdict, /a longer window hardly finds more/);
});

test("the verdict says what its method can: writes alone, and of what refault paged out no share", () => {
  const by = (method: string): string => curveOf(wssPoints(1).map((point) => ({ ...point, method }))).verdict;
  assert.match(by("referenced"), /touches 1\.1M in 10 ms and 9\.0M in 1\.0 s, 56 % of its 16M;/);
  assert.match(by("written"), /writes 1\.1M in 10 ms and 9\.0M in 1\.0 s, 56 % of its 16M;/);
  assert.match(by("refault"), /touches 1\.1M in 10 ms and 9\.0M in 1\.0 s;/);
});

test("processes and methods have curves of their own", () => {
  const curves = new Curves();
  for (const point of [...wssPoints(1, 1), ...wssPoints(2, 2)]) curves.add(point);
  const records = curves.records({ endedBy: "count", exitStatus: () => null, time: 0 });
  assert.deepEqual(
    records.map(({ pid, epochs }) => [pid, epochs]),
    [
      [1, 1],
      [2, 2],
    ],
  );
});

test("the curve on the terminal: a row a window, below 80 columns", () => {
  const lines = curveLines(curveOf(wssPoints(3)));
  assert.equal(lines[0], "WINDOW   WSS   MIN   MAX   LOW  HIGH   RSS");
  assert.equal(lines.length, 1 + WINDOWS.length);
  assert.equal(
    lines.at(-1),
    "  1.0s  9.0M  9.0M  9.0M  8.5M  9.5M   16M |@@@@@@@@@@@@@@@@@@@              |",
  );
  for (const line of lines) assert.ok(line.length < 80, line);
});
