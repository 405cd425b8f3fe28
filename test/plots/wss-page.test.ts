import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import type { WssRecord } from "../../lib/metric/wss-record.ts";
import { browserCode } from "../../plots/assets.ts";
import type { WssData } from "../../plots/wss-data.ts";
import { wssPage } from "../../plots/wss-page.ts";
import { T0 } from "./records.ts";
import { limit, wssCurves, wssPoints, wssRegion, wssRun, wssSamples, wssStart } from "./wss-records.ts";

function dataOf(document: string): { methods: string[]; processes: WssData[]; end: number } {
  const [, json = ""] = /<script type="application\/json" id="wss">(.*?)<\/script>/s.exec(document) ?? [];
  return JSON.parse(json);
}

const markupOf = (document: string): string => document.replace(/<(script|style)\b[^>]*>.*?<\/\1>/gs, "");

test("the browser code of wss is one script that compiles", () => {
  assert.doesNotThrow(() => new vm.Script(browserCode("wss-page.js")));
});

test("the page names no address but the one in uPlot's licence banner", () => {
  const document = wssPage(wssRun(wssSamples({ count: 5 })));
  assert.deepEqual(document.match(/https?:\/\/[^\s"')]*/g), ["https://github.com/leeoniya/uPlot"]);
});

test("the data block holds what the samples say, and when each marking was", () => {
  const samples = wssSamples({ count: 7 });
  const [process] = dataOf(wssPage(wssRun(samples))).processes;
  assert.ok(process);
  const [columns] = process.methods;
  assert.deepEqual(columns, {
    time: [0, ...samples.map(({ time }) => time - T0)],
    wss: [null, ...samples.map(({ wss }) => wss)],
    low: [null, ...samples.map(({ wssLow }) => wssLow)],
    high: [null, ...samples.map(({ wssHigh }) => wssHigh)],
  });
  assert.deepEqual(process.memory.swap, [null, ...samples.map(({ swap }) => swap)]);
  assert.deepEqual(process.memory.minor, [null, ...samples.map(({ minor }) => minor)]);
  assert.deepEqual(process.stalls[1], [1, 1.002]);
});

test("faults that a recording does not have are unknown, not none", () => {
  const samples = wssSamples({ count: 2 }).map((sample) => ({ ...sample, minor: null, major: null }));
  const document = wssPage(wssRun(samples));
  assert.deepEqual(dataOf(document).processes[0]?.memory.minor, [null, null, null]);
  assert.match(markupOf(document), /<strong>\u2013<\/strong><span>minor faults/);
});

test("a working set of writes alone is told as written, not as touched", () => {
  const tiles = (...methods: string[]): string =>
    markupOf(wssPage(wssRun(methods.flatMap((method) => wssSamples({ count: 2, method })))));
  assert.match(tiles("written"), /<span>written in 1 s</);
  assert.match(tiles("referenced", "written"), /<span>touched in 1 s</);
});

test("methods that take turns are columns of their own, the faults one row for all", () => {
  const samples = [
    ...wssSamples({ count: 4, step: 2 }),
    ...wssSamples({ count: 4, step: 2, first: 1, method: "written" }),
  ].sort((a, b) => a.time - b.time);
  const { methods, processes } = dataOf(wssPage(wssRun(samples)));
  assert.deepEqual(methods, ["referenced", "written"]);
  assert.deepEqual(
    processes[0]?.methods.map(({ wss }) => wss.filter((value) => value !== null).length),
    [4, 4],
  );
  assert.equal(processes[0]?.memory.time.length, 9);
});

test("the mappings are those of all windows, with the median and the most", () => {
  const samples = wssSamples({ count: 3 });
  const sizes = [8192, 4096, 16384];
  const regions = [
    ...samples.map((sample, i) => wssRegion(sample, { name: "[heap]", wss: sizes[i] ?? 0 })),
    ...samples.slice(0, 1).map((sample) => wssRegion(sample, { start: "0x1000", name: "once" })),
  ];
  const [start, ...rest] = wssRun(samples);
  const text = markupOf(wssPage([start as WssRecord, ...regions, ...rest]));
  assert.match(text, /\[heap\].*?<td class="number">8 KiB<\/td>.*?<td class="number">16 KiB<\/td>/s);
  assert.match(text, /once.*?<td class="number zero">0 B<\/td>/s);
});

test("a curve is drawn from its points, and is a table", () => {
  const points = wssPoints(3);
  const records = [wssStart({ windows: [0.01, 1] }), ...points, ...wssCurves(points)];
  const document = wssPage(records);
  const [curve] = dataOf(document).processes[0]?.curves ?? [];
  assert.ok(curve);
  assert.equal(curve.seconds.length, 7);
  assert.equal(curve.median[6], points[13]?.wss);
  assert.deepEqual([curve.least[6], curve.most[6]], [points[6]?.wss, points[20]?.wss]);
  assert.match(markupOf(document), /3 epochs/);
  assert.ok(!markupOf(document).includes("Over time"));
});

test("a limit tells whether it fits, with its witnesses", () => {
  const run = wssRun(wssSamples({ count: 2 }));
  const text = markupOf(wssPage([...run, limit()]));
  assert.match(text, /Does it fit\?/);
  assert.match(text, /memory\.max of \/sys\/fs\/cgroup\/app/);
  assert.ok(!markupOf(wssPage(run)).includes("Does it fit?"));
});

test("a process that a method cannot look at is a notice", () => {
  const refused = {
    type: "refused",
    time: T0,
    pid: 7,
    comm: "<b>",
    method: "written",
    reason: "seccomp",
  } as const;
  const text = markupOf(wssPage([...wssRun(wssSamples({ count: 2 })), refused]));
  assert.match(text, /&lt;b&gt; 7 is left out by written: seccomp/);
});

test("the chart of faults says which methods caused some of them", () => {
  const chart = (methods: string[]): string => {
    const samples = methods.flatMap((method) => wssSamples({ count: 2, method }));
    return markupOf(wssPage(wssRun(samples)));
  };
  assert.match(chart(["referenced", "written"]), /for the whole process, with those that written caused\./);
  assert.match(chart(["refault"]), /for the whole process, with those that refault caused\./);
  assert.match(chart(["referenced"]), /for the whole process\./);
});

test("every cut of the records makes a page, which says what is missing", () => {
  const samples = wssSamples({ count: 2 });
  const records = [...wssRun(samples).slice(0, 3), wssRegion(samples[0] as (typeof samples)[0])];
  for (let length = 0; length <= records.length; length++) {
    const text = markupOf(wssPage(records.slice(0, length)));
    assert.match(text, /No summary/);
    assert.ok(!text.includes("NaN") && !text.includes("Infinity") && !text.includes("undefined"), text);
  }
  assert.match(markupOf(wssPage([])), /No samples/);
});
