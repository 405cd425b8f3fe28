import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import type { HeatRecord, MapRecord } from "../../lib/metric/map-record.ts";
import { mapPage } from "../../plots/map-page.ts";
import { BIN, BLOCK, heat, hex, manyRegions, mapStart, mapSummary, region } from "../plots/map-records.ts";
import { noChromium, until } from "./chromium.ts";
import { pagesOf } from "./pages.ts";

const skip = noChromium;
const open = pagesOf(mapPage);

/** The scales of the heat map and the time of the chart beneath. */
const SCALES = `(() => {
  const { u, rate } = window.__map;
  const of = ({ min, max }) => [min, max];
  return { x: of(u.scales.x), y: of(u.scales.y), rate: of(rate.scales.x) };
})()`;
type Scales = Record<"x" | "y" | "rate", [number, number]>;

/** Distinct colours of the heat map's canvas, and how often each is there. */
const COLOURS = `(() => {
  const { ctx, bbox } = window.__map.u;
  const found = {};
  const { data } = ctx.getImageData(bbox.left, bbox.top, bbox.width, bbox.height);
  for (const pixel of new Uint32Array(data.buffer)) found[pixel] = (found[pixel] ?? 0) + 1;
  return found;
})()`;
const MAJOR = String(0xff0f48d9);

interface Hit {
  region: string | null;
  address: string;
  bin: number;
  minor: number;
  major: number;
  cells: number;
}

async function drag(page: Page, from: [number, number], to: [number, number]): Promise<void> {
  await page.locator(".heat").scrollIntoViewIfNeeded();
  const box = await page.locator(".heat .u-over").boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * from[0], box.y + box.height * from[1]);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to[0], box.y + box.height * to[1], { steps: 4 });
  await page.mouse.up();
}

/** Eight pages by eight bins, each count its own; cells large enough for every one to have its pixels. */
const SMALL = 0x7f00_0000_0000;
const small: HeatRecord["cells"] = Array.from({ length: 64 }, (_, i) => [
  ...([hex(SMALL + (i >> 3) * BLOCK), i & 7, i + 1, i % 9 === 0 ? 100 + i : 0] as const),
]);
const smallRun = [
  mapStart(),
  region(SMALL, 8, { name: "heap" }),
  heat(small),
  mapSummary(1, 1, { time: mapStart().time + 8 * BIN }),
];

test("the map is drawn in many colours, without a complaint and without a request", { skip }, async () => {
  const { page, complaints } = await open(manyRegions(12, 100));
  const colours = await page.evaluate<Record<string, number>>(COLOURS);
  assert.ok(Object.keys(colours).length > 10);
  assert.ok((colours[MAJOR] ?? 0) > 0);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("every cell under the pointer reads as it was recorded", { skip }, async () => {
  const { page, complaints } = await open(smallRun);
  const hits = await page.evaluate<Hit[]>(`(() => {
    const { u, hover } = window.__map;
    const { clientWidth: w, clientHeight: h } = u.over;
    return Array.from({ length: 64 }, (_, i) => hover(w * ((i & 7) + 0.5) / 8, h * (1 - ((i >> 3) + 0.5) / 8)));
  })()`);
  assert.deepEqual(
    hits.map(({ address, bin, minor, major }) => [address, bin, minor, major]),
    small,
  );
  assert.ok(hits.every(({ region, cells }) => region === "heap" && cells === 1));
  const box = await page.locator(".heat .u-over").boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * (2.5 / 8), box.y + box.height * (1 - 3.5 / 8));
  const tip = (await page.locator(".tip bdi").allTextContents()).join("\n");
  assert.match(tip, /^heap \+ 0x3000\n0x7f0000003000\n0\.02 s, .*\n27 minor, 0 major$/);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("a drag zooms time and addresses and the chart beneath, a double click restores them", {
  skip,
}, async () => {
  const { page, complaints } = await open(manyRegions(12, 100));
  const whole = await page.evaluate<Scales>(SCALES);
  await drag(page, [0.2, 0.2], [0.5, 0.6]);
  const zoomed = await page.evaluate<Scales>(SCALES);
  assert.ok(zoomed.x[0] > 0.5 && zoomed.x[1] < 1.6, String(zoomed.x));
  assert.deepEqual(zoomed.rate, zoomed.x);
  assert.ok(zoomed.y[1] - zoomed.y[0] < 0.45 * (whole.y[1] - whole.y[0]), String(zoomed.y));
  await page.locator(".heat .u-over").dblclick();
  assert.deepEqual(await page.evaluate<Scales>(SCALES), whole);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("a zoom in the chart beneath moves the map in time only", { skip }, async () => {
  const { page } = await open(manyRegions(12, 100));
  await drag(page, [0.1, 0.2], [0.9, 0.6]);
  const before = await page.evaluate<Scales>(SCALES);
  await page.evaluate("window.__map.rate.setScale('x', { min: 1, max: 2 })");
  const after = await page.evaluate<Scales>(SCALES);
  assert.deepEqual(after, { x: [1, 2], y: before.y, rate: [1, 2] });
  await page.close();
});

test("a single major fault among 32,768 cells is seen, and goes with its layer", { skip }, async () => {
  const cells: HeatRecord["cells"] = Array.from({ length: 32_768 }, (_, i) => [
    ...([hex(SMALL + i * BLOCK), (i * 7) % 300, 1 + (i % 30), i === 20_000 ? 1 : 0] as const),
  ]);
  const { page, complaints } = await open([mapStart(), region(SMALL, 32_768), heat(cells), mapSummary(1, 1)]);
  const first = await page.evaluate<Record<string, number>>(COLOURS);
  assert.equal(first[MAJOR], 9);
  await page.locator("[data-layer=major]").uncheck();
  assert.equal((await page.evaluate<Record<string, number>>(COLOURS))[MAJOR], undefined);
  await page.locator("[data-layer=minor]").uncheck();
  assert.equal(Object.keys(await page.evaluate<Record<string, number>>(COLOURS)).length, 1);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("with accesses the colours count minor faults, writes or copies, and the tip tells both", {
  skip,
}, async () => {
  const cells: HeatRecord["cells"] = [
    [hex(SMALL), 0, 5, 0, 5, 0],
    [hex(SMALL + BLOCK), 1, 7, 0, 0, 7],
    [hex(SMALL + 2 * BLOCK), 2, 3, 1, 0, 0],
  ];
  const { page, complaints } = await open([
    ...[mapStart(), region(SMALL, 3), heat(cells)],
    mapSummary(15, 1, { time: mapStart().time + 3 * BIN }),
  ]);
  await page.locator("[data-layer=major]").uncheck();
  const coloured = () =>
    page.evaluate<boolean[]>(`(() => {
    const { u } = window.__map;
    const { ctx, bbox } = u;
    const at = (x, y) => ctx.getImageData(bbox.left + bbox.width * x, bbox.top + bbox.height * y, 1, 1).data.join();
    const ground = at(5 / 6, 5 / 6);
    return [0, 1, 2].map((i) => at((i + 0.5) / 3, 1 - (i + 0.5) / 3) !== ground);
  })()`);
  const key = () => page.locator("[data-place=ramp]").textContent();
  assert.deepEqual([await coloured(), await key()], [[true, true, true], "1  7 in a cell, logarithmic"]);
  await page.selectOption("[data-place=counted]", "write");
  assert.deepEqual([await coloured(), await key()], [[true, false, false], "1  5 in a cell, logarithmic"]);
  await page.selectOption("[data-place=counted]", "copyOnWrite");
  assert.deepEqual([await coloured(), await key()], [[false, true, false], "1  7 in a cell, logarithmic"]);
  await page.locator(".heat").scrollIntoViewIfNeeded();
  await page.locator(".heat .u-over").hover();
  const tip = (await page.locator(".tip bdi").allTextContents()).join("\n");
  assert.match(tip, /\n7 minor, 0 major\n0 writes, 7 copies on write$/);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("without accesses there is nothing to choose", { skip }, async () => {
  const { page } = await open(smallRun);
  assert.equal(await page.locator("[data-place=counted]").count(), 0);
  await page.close();
});

test("of 500 regions the busiest bands are shown first, then all of them", { skip }, async () => {
  const { page, complaints } = await open(manyRegions(500, 20));
  const height = () => page.evaluate<number>("window.__map.u.scales.y.max");
  const few = await height();
  await page.locator("[data-place=all-box]").check();
  const all = await height();
  assert.ok(few < 1200 && all > 500 * 10, `${few} and ${all}`);
  assert.ok(Object.keys(await page.evaluate<Record<string, number>>(COLOURS)).length > 10);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("each process can be chosen, with its own map and regions", { skip }, async () => {
  const { page, complaints } = await open([...manyRegions(9, 60), ...manyRegions(2, 9, 77).slice(1)]);
  await page.selectOption("select", "1");
  assert.equal(await page.evaluate("window.__map.process().pid"), 77);
  assert.equal(await page.locator("[data-region]:visible").count(), 2);
  assert.equal(await page.locator("[data-place=whose]").first().textContent(), "index 77");
  assert.deepEqual(complaints, []);
  await page.close();
});

test("a row of the table marks its band", { skip }, async () => {
  const { page } = await open(manyRegions(5, 60));
  assert.ok(await page.locator(".band-mark").isHidden());
  await page.locator("[data-region='1']").hover();
  const { height = 0 } = (await page.locator(".band-mark").boundingBox()) ?? {};
  assert.ok(height > 10, String(height));
  await page.close();
});

test("the map follows the colour scheme while it is open", { skip }, async () => {
  const { page, complaints } = await open(smallRun, { colorScheme: "light" });
  const picture = "window.__map.u.ctx.canvas.toDataURL()";
  await page.evaluate(`window.__light = ${picture}`);
  await page.emulateMedia({ colorScheme: "dark" });
  await until(page, `${picture} !== window.__light`);
  await page.emulateMedia({ colorScheme: "light" });
  await until(page, `${picture} === window.__light`);
  assert.deepEqual(complaints, []);
  await page.close();
});

for (const [what, records] of [
  ["no record", []],
  ["no cell", [mapStart(), region(SMALL, 4), heat([]), mapSummary(0, 0)]],
  ["one cell", [mapStart(), region(SMALL, 4), heat([[hex(SMALL), 0, 1, 0]]), mapSummary(1, 0)]],
  ["a process without heat", [...manyRegions(2, 9), mapSummary(0, 0, { pid: 7 })]],
] as [string, MapRecord[]][]) {
  test(`${what}: shown for what it is`, { skip }, async () => {
    const { page, complaints } = await open(records);
    if (what === "a process without heat") await page.selectOption("select", "1");
    const drawn = what === "one cell" ? 1 : 0;
    assert.equal(await page.locator(".heat canvas:visible").count(), drawn);
    assert.equal(await page.getByText("No heat map").locator("visible=true").count(), 1 - drawn);
    assert.deepEqual(complaints, []);
    await page.close();
  });
}

test("a hostile name stays text in the tip, the choice and the tables", { skip }, async () => {
  const name = "</script><script>alert(1)</script>\u202e<img src=x onerror=alert(2)>";
  const { page, complaints } = await open([
    ...[mapStart({ target: name }), region(SMALL, 8, { name, path: name }), heat(small)],
    ...[mapSummary(1, 0, { comm: name, verdict: name }), mapSummary(0, 0, { pid: 7, comm: name })],
  ]);
  await page.locator(".heat .u-over").hover();
  assert.match(
    (await page.locator(".tip bdi").allTextContents()).join("\n"),
    /^<\/script><script>alert\(1\)<\/script>\\u\{202e\}<img/,
  );
  assert.equal(await page.locator("img").count(), 0);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("the map fits a window of 400 pixels and a printed sheet", { skip }, async () => {
  const { page, complaints } = await open(manyRegions(12, 100));
  await page.setViewportSize({ width: 400, height: 700 });
  await until(page, "window.__plots.every((u) => u.width <= 400)");
  assert.ok((await page.evaluate<number>("document.documentElement.scrollWidth")) <= 400);
  assert.ok((await page.pdf({ format: "A4" })).length > 10_000);
  assert.deepEqual(complaints, []);
  await page.close();
});
