import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import type { FaultRecord, SampleRecord } from "../../lib/metric/record.ts";
import { faultPage } from "../../plots/fault-page.ts";
import { manyProcesses, oneProcess, samples, start, summary, T0 } from "../plots/records.ts";
import { noChromium, until } from "./chromium.ts";
import { COLOURS, pagesOf, plots, RANGES } from "./pages.ts";

const skip = noChromium;
const open = pagesOf(faultPage, { viewport: { width: 1000, height: 800 } });

/** Drags over the middle of the first panel. */
async function dragFirst(page: Page): Promise<void> {
  const box = await page.locator(".u-over").first().boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * 0.3, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 70, { steps: 4 });
  await page.mouse.up();
}

test("the panels are drawn, without a complaint and without a request", { skip }, async () => {
  const { page, complaints } = await open(oneProcess(60));
  const colours = await plots<number>(page, COLOURS);
  assert.equal(colours.length, 3);
  assert.ok(
    colours.every((count) => count > 2),
    String(colours),
  );
  assert.deepEqual(complaints, []);
  await page.close();
});

test("the charts hold the figures of the records", { skip }, async () => {
  const records = oneProcess(60);
  const rows = records.filter((record): record is SampleRecord => record.type === "sample");
  const { page } = await open(records);
  const [minor, major, latency] = await plots<(number | null)[][]>(page, "u.data.map((c) => [...c])");
  const column = (read: (sample: SampleRecord) => number | null) => [null, ...rows.map(read)];
  assert.deepEqual(minor?.[0], [0, ...rows.map(({ time }) => time - T0)]);
  assert.deepEqual(
    minor?.[1],
    column((sample) => sample.minorPerSecond),
  );
  assert.deepEqual(
    minor?.[2],
    column((sample) => sample.rss),
  );
  assert.deepEqual(
    major?.[1],
    column((sample) => sample.majorPerSecond),
  );
  assert.deepEqual(
    latency?.[1],
    column((sample) => sample.latency?.minor.p50Ns ?? null),
  );
  assert.deepEqual(
    latency?.[4],
    column((sample) => sample.latency?.major.p99Ns ?? null),
  );
  await page.close();
});

test("dragging zooms every panel to the same time, a double click brings the run back", {
  skip,
}, async () => {
  const { page, complaints } = await open(manyProcesses(3, 60));
  const whole = await plots<[number, number]>(page, RANGES);
  assert.deepEqual(
    whole,
    whole.map(() => [0, 60]),
  );
  await dragFirst(page);
  const zoomed = await plots<[number, number]>(page, RANGES);
  const [first] = zoomed;
  assert.ok(first && first[0] > 15 && first[1] < 40, String(first));
  assert.deepEqual(
    zoomed,
    zoomed.map(() => first),
  );
  await page.locator(".u-over").nth(2).dblclick();
  assert.deepEqual(await plots(page, RANGES), whole);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("the legend tells the interval under the cursor, in all panels", { skip }, async () => {
  const { page } = await open(oneProcess(60));
  const box = await page.locator(".u-over").first().boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * (20.25 / 60), box.y + 50);
  const row = samples({ count: 60 })[20];
  assert.ok(row);
  const values = page.locator('[data-place="minor"] .u-value');
  assert.equal(await values.nth(0).textContent(), "21 s, 14:13:41.000");
  assert.equal(await values.nth(1).textContent(), Math.round(row.minorPerSecond).toLocaleString("en-US"));
  assert.match((await page.locator('[data-place="latency"] .u-value').nth(2).textContent()) ?? "", /us$/);
  await page.close();
});

test("a single major fault between two intervals without any is seen", { skip }, async () => {
  const none = { count: 0, p50Ns: null, p90Ns: null, p99Ns: null, maxNs: null };
  const one = { count: 1, p50Ns: 9e4, p90Ns: 9e4, p99Ns: 9e4, maxNs: 9e4 };
  const all = samples({ count: 9 }).map((sample, index) => ({
    ...sample,
    latency: { minor: none, major: index === 4 ? one : none },
  }));
  const drawn = async (records: FaultRecord[]) => {
    const { page } = await open(records);
    const reds = `[...new Uint32Array(u.ctx.getImageData(0, 0, u.ctx.canvas.width, u.ctx.canvas.height).data.buffer)].filter((c) => c === 0xff0f48d9).length`;
    const counts = await plots<number>(page, reds);
    await page.close();
    return counts[2] ?? 0;
  };
  assert.ok((await drawn([start(), ...all])) > 50);
  assert.equal(
    await drawn([start(), ...all.map((one) => ({ ...one, latency: { minor: none, major: none } }))]),
    0,
  );
});

test("the page follows the colour scheme while it is open", { skip }, async () => {
  const { page, complaints } = await open(oneProcess(30), { colorScheme: "light" });
  const looks = `[
    window.__plots[0].ctx.canvas.toDataURL(),
    getComputedStyle(document.querySelector("section")).backgroundColor,
  ]`;
  await page.evaluate(`window.__light = ${looks}`);
  await page.emulateMedia({ colorScheme: "dark" });
  await until(page, `${looks}.every((look, i) => look !== window.__light[i])`);
  await page.emulateMedia({ colorScheme: "light" });
  await until(page, `${looks}.every((look, i) => look === window.__light[i])`);
  assert.deepEqual(complaints, []);
  await page.close();
});

for (const count of [0, 1, 2]) {
  test(`${count} samples are shown for what they are`, { skip }, async () => {
    const all = samples({ count });
    const { page, complaints } = await open([start(), ...all, summary(all)]);
    const lengths = await plots<number>(page, "u.data[0].length");
    assert.deepEqual(lengths, count === 0 ? [] : [count + 1, count + 1, count + 1]);
    assert.equal(await page.getByText("No samples").count(), count === 0 ? 1 : 0);
    assert.equal(await page.getByText("One sample only").count(), count === 1 ? 1 : 0);
    for (const colours of await plots<number>(page, COLOURS)) assert.ok(colours > 2);
    assert.deepEqual(complaints, []);
    await page.close();
  });
}

test("of 100 processes the busiest 8 and all others are lines, and each can be chosen", {
  skip,
}, async () => {
  const { page, complaints } = await open(manyProcesses(100, 50));
  const labels = await page.evaluate<string[]>("window.__plots[0].series.map((s) => s.label)");
  assert.equal(labels.length, 1 + 8 + 1);
  assert.equal(labels.at(-1), "all 92 others");
  await dragFirst(page);
  const [zoom] = await plots<[number, number]>(page, RANGES);
  await page.selectOption("select", "57");
  const name = (await page.locator("option").nth(57).textContent())?.split(":")[0];
  assert.equal(await page.locator("[data-place=whose]").first().textContent(), name);
  const data = "JSON.parse(document.getElementById('faults').textContent).series[57].minor";
  assert.deepEqual((await plots<unknown[]>(page, "u.data[1]"))[1], await page.evaluate(data));
  assert.deepEqual((await plots<[number, number]>(page, RANGES))[1], zoom);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("100,000 samples can be zoomed and read", { skip, timeout: 120_000 }, async () => {
  const { page, complaints } = await open(oneProcess(100_000, 0.1));
  assert.deepEqual(await plots(page, "u.data[0].length"), [100_001, 100_001, 100_001]);
  await dragFirst(page);
  const ranges = await plots<[number, number]>(page, RANGES);
  for (const [min, max] of ranges) assert.ok(min > 2000 && max < 7000);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("a hostile name stays text in the legend, the choice and the tables", { skip }, async () => {
  const names = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "\u202eevil\n\ud800\x1b[2J",
  ];
  const groups = names.map((comm, index) => samples({ pid: 10 + index, comm, count: 5, seed: index }));
  const { page, complaints } = await open([
    start({ target: names.join(" ") }),
    ...groups.flat(),
    ...groups.map((group) => summary(group)),
  ]);
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.locator("script").count(), 3);
  const legend = await page.locator('[data-place="overview"] .u-label').allTextContents();
  assert.ok(legend.includes("\\u{202e}evil\\n\\u{d800}\\x1b[2J 12"), String(legend));
  assert.ok(legend.includes("</script><script>alert(1)</script> 10"));
  assert.deepEqual(complaints, []);
  await page.close();
});

test("the page fits a narrow window and a printed sheet", { skip }, async () => {
  const { page, complaints } = await open(manyProcesses(3, 30), { viewport: { width: 1000, height: 700 } });
  await page.setViewportSize({ width: 380, height: 700 });
  await until(page, "window.__plots.every((u) => u.width <= 380)");
  assert.ok((await page.evaluate<number>("document.documentElement.scrollWidth")) <= 380);
  assert.ok((await page.pdf({ format: "A4" })).length > 10_000);
  assert.deepEqual(complaints, []);
  await page.close();
});
