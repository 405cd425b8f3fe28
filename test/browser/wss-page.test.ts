import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import type { WssSampleRecord } from "../../lib/metric/wss-record.ts";
import { bytes } from "../../plots/browser/units.js";
import { wssPage } from "../../plots/wss-page.ts";
import { wssCurves, wssPoints, wssRegion, wssRun, wssSamples, wssStart } from "../plots/wss-records.ts";
import { noChromium, until } from "./chromium.ts";
import { COLOURS, pagesOf, plots, RANGES } from "./pages.ts";

const skip = noChromium;
const open = pagesOf(wssPage);

/** Points at a share of the width of a panel. */
async function point(page: Page, place: string, share: number): Promise<void> {
  const over = page.locator(`[data-place="${place}"] .u-over`);
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * share, box.y + 40);
}

/** What the legend of a panel says, by the names in it. */
async function legend(page: Page, place: string): Promise<Record<string, string>> {
  const texts = (part: string) => page.locator(`[data-place="${place}"] ${part}`).allTextContents();
  const [names, values] = [await texts(".u-label"), await texts(".u-value")];
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
}

test("hovering gives the figures of the window under the cursor, in all panels", { skip }, async () => {
  const samples = wssSamples({ count: 20 });
  const { page, complaints } = await open(wssRun(samples));
  await point(page, "sizes", 7.4 / 20);
  const sample = samples[7] as WssSampleRecord;
  const { WSS, low, high, RSS, PSS, swap } = await legend(page, "sizes");
  assert.deepEqual(
    [WSS, low, high, RSS, PSS, swap],
    [sample.wss, sample.wssLow, sample.wssHigh, sample.rss, sample.pss, sample.swap].map(bytes),
  );
  assert.equal((await legend(page, "faults"))["minor faults/s"], "700");
  assert.equal((await legend(page, "faults"))["major faults/s"], "2");
  assert.deepEqual(complaints, []);
  await page.close();
});

test("of two methods the one whose turn it was has a figure", { skip }, async () => {
  const samples = [
    ...wssSamples({ count: 5, step: 2 }),
    ...wssSamples({ count: 5, step: 2, first: 1, method: "written" }),
  ];
  const { page, complaints } = await open(wssRun(samples));
  await point(page, "sizes", 2.5 / 10);
  const shown = await legend(page, "sizes");
  assert.equal(shown["referenced WSS"], bytes(samples[1]?.wss));
  assert.equal(shown["written WSS"], "\u2013");
  assert.deepEqual(complaints, []);
  await page.close();
});

test("the band and the stripes are behind the lines", { skip }, async () => {
  const samples = wssSamples({ count: 10 });
  const bare = samples.map((one) => ({
    ...one,
    wssLow: one.wss,
    wssHigh: one.wss,
    stall: [0, 0] as [number, number],
  }));
  const shots: string[] = [];
  for (const each of [
    samples,
    samples.map((one, i) => ({ ...one, stall: bare[i]?.stall ?? one.stall })),
    bare,
  ]) {
    const { page } = await open(wssRun(each));
    shots.push(await page.evaluate<string>("window.__plots[0].ctx.canvas.toDataURL()"));
    await page.close();
  }
  assert.equal(new Set(shots).size, 3);
});

test("dragging zooms both panels, a double click brings the run back", { skip }, async () => {
  const { page, complaints } = await open(wssRun(wssSamples({ count: 40 })));
  const whole = await plots(page, RANGES);
  const box = await page.locator(".u-over").first().boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * 0.25, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 70, { steps: 4 });
  await page.mouse.up();
  const zoomed = await plots<[number, number]>(page, RANGES);
  assert.equal(zoomed.length, 2);
  for (const [min, max] of zoomed) assert.ok(min > 8 && max < 22, `${min} ${max}`);
  await page.locator(".u-over").last().dblclick();
  assert.deepEqual(await plots(page, RANGES), whole);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("each process can be chosen: its charts, its mappings, its name", { skip }, async () => {
  const groups = [1, 2, 3].map((pid) => wssSamples({ pid, comm: `p${pid}`, count: 6 }));
  const regions = groups.flatMap(([sample]) =>
    sample ? [wssRegion(sample, { name: `map-of-${sample.pid}` })] : [],
  );
  const { page, complaints } = await open([...wssRun(groups.flat()), ...regions]);
  assert.equal((await plots(page, "u.series.length"))[0], 1 + 3);
  const option = await page.locator("option").nth(2).textContent();
  const pid = Number(/^p(\d)/.exec(option ?? "")?.[1]);
  await page.selectOption("select", "2");
  const [, sizes] = await plots<(number | null)[][]>(page, "u.data.map((c) => [...c])");
  assert.deepEqual(sizes?.[1], [null, ...(groups[pid - 1] ?? []).map(({ wss }) => wss)]);
  assert.equal(await page.locator("[data-place=whose]").first().textContent(), `p${pid} ${pid}`);
  assert.ok(await page.getByText(`map-of-${pid}`).isVisible());
  assert.equal(await page.getByText(`map-of-${(pid % 3) + 1}`).isVisible(), false);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("the curve has a logarithmic axis, its figures and a zoom of its own", { skip }, async () => {
  const points = wssPoints(3);
  const { page, complaints } = await open([
    wssStart({ windows: [0.01, 1] }),
    ...points,
    ...wssCurves(points),
  ]);
  const [at] = await plots<number[]>(page, "[0.0102, 0.102, 1.02].map((x) => u.valToPos(x, 'x'))");
  const [a = 0, b = 0, c = 0] = at ?? [];
  assert.ok(Math.abs(c - b - (b - a)) < 1, String(at));
  const box = await page.locator('[data-place="curve"] .u-over').boundingBox();
  await point(page, "curve", b / (box?.width ?? 1));
  const shown = await legend(page, "curve");
  const middle = points.filter(({ window }) => window === 0.1);
  assert.deepEqual(
    [shown.window, shown.median, shown.least, shown.most],
    ["102 ms", ...[1, 0, 2].map((i) => bytes(middle[i]?.wss))],
  );
  assert.deepEqual([shown.low, shown.high], [bytes(middle[0]?.wssLow), bytes(middle[2]?.wssHigh)]);
  assert.deepEqual(complaints, []);
  await page.close();
});

for (const count of [0, 1]) {
  test(`${count} samples are shown for what they are`, { skip }, async () => {
    const { page, complaints } = await open(wssRun(wssSamples({ count })));
    assert.equal(await page.getByText("No samples").count(), count === 0 ? 1 : 0);
    assert.equal(await page.getByText("One sample only").count(), count);
    for (const colours of await plots<number>(page, COLOURS)) assert.ok(colours > 2);
    assert.deepEqual(complaints, []);
    await page.close();
  });
}

test("a hostile name stays text", { skip }, async () => {
  const comms = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "\u202eevil\n\ud800",
  ];
  const groups = comms.map((comm, index) => wssSamples({ pid: 10 + index, comm, count: 3 }));
  const regions = groups.flatMap(([one], i) => (one ? [wssRegion(one, { name: comms[i] ?? "" })] : []));
  const { page, complaints } = await open([
    ...wssRun(groups.flat(), { target: comms.join(" ") }),
    ...regions,
  ]);
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.locator("script").count(), 3);
  const labels = await page.locator('[data-place="overview"] .u-label').allTextContents();
  assert.ok(labels.includes("\\u{202e}evil\\n\\u{d800} 12"), String(labels));
  assert.deepEqual(complaints, []);
  await page.close();
});

test("the page follows the colour scheme, fits a narrow window and a printed sheet", { skip }, async () => {
  const points = wssPoints(2);
  const records = [...wssRun(wssSamples({ count: 30 })), ...points, ...wssCurves(points)];
  const { page, complaints } = await open(records, { colorScheme: "light" });
  const pictures = "window.__plots.map((u) => u.ctx.canvas.toDataURL())";
  await page.evaluate(`window.__light = ${pictures}`);
  await page.emulateMedia({ colorScheme: "dark" });
  await until(page, `${pictures}.every((picture, index) => picture !== window.__light[index])`);
  await page.setViewportSize({ width: 380, height: 700 });
  await until(page, "window.__plots.every((u) => u.width <= 380)");
  assert.ok((await page.evaluate<number>("document.documentElement.scrollWidth")) <= 380);
  assert.ok((await page.pdf({ format: "A4" })).length > 10_000);
  assert.deepEqual(complaints, []);
  await page.close();
});
