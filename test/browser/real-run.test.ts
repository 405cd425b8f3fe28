import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { execa } from "execa";
import type { Browser } from "playwright-core";
import type { FaultRecord, SampleRecord } from "../../lib/metric/record.ts";
import type { WssRecord, WssSampleRecord } from "../../lib/metric/wss-record.ts";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { make, start } from "../helpers-c/programs.ts";
import { launch, noChromium, type Opened, openFile } from "./chromium.ts";

const skip = noChromium;
const folder = mkdtempSync(join(tmpdir(), "real-run-"));
let browser: Browser | undefined;

before(async () => {
  await make();
  if (!skip) browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** A page in the browser; what it complains of, and what it asks the network for, fails the test. */
function open(path: string): Promise<Opened> {
  assert.ok(browser);
  return openFile(browser, path);
}

async function run(tool: string, ...args: string[]): Promise<unknown[]> {
  const { stdout } = await execa("node", ["--import", "tsx", `${ROOT}/scripts/${tool}.ts`, ...args]);
  return stdout.split("\n").map((line) => JSON.parse(line));
}

test("the page of a real run of pgfaultstat shows the values of its JSON", { skip }, async () => {
  const path = join(folder, "stat.html");
  const records = (await run(
    "pgfaultstat",
    "-j",
    "-l",
    "--html",
    path,
    "0.2",
    "--",
    workloadPath("demo"),
    "2",
  )) as FaultRecord[];
  const samples = records.filter((record): record is SampleRecord => record.type === "sample");
  assert.ok(samples.length >= 5);
  const { page, complaints } = await open(path);
  const series: (number | null)[][][] = await page.evaluate(
    "window.__plots.map((u) => u.data.map((s) => [...s]))",
  );
  const shown = series.flat().map((column) => column.filter((value) => value !== null));
  for (const value of [
    (s: SampleRecord) => s.minorPerSecond,
    (s: SampleRecord) => s.majorPerSecond,
    (s: SampleRecord) => s.latency?.minor.p50Ns ?? null,
  ]) {
    const expected = samples.map(value).filter((each) => each !== null);
    const found = shown.some(
      (column) =>
        column.length === expected.length &&
        column.every((v, i) => Math.abs(v - (expected[i] ?? 0)) <= 0.01 * (1 + v)),
    );
    assert.ok(found, `no series ${JSON.stringify(expected)}`);
  }
  assert.deepEqual(complaints, []);
});

test("the page of a real run of pgfaultmap opens without a complaint and has a picture", {
  skip,
}, async () => {
  const path = join(folder, "map.html");
  await run("pgfaultmap", "-j", "--html", path, "--", workloadPath("demo"), "1");
  const { page, complaints } = await open(path);
  const colours = await page.evaluate(
    "Math.max(...[...document.querySelectorAll('canvas')].map((c) => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size))",
  );
  assert.ok(Number(colours) > 2, `${colours} colours`);
  assert.deepEqual(complaints, []);
});

test("the page of a real run of wss shows the values of its JSON, and report writes the same one", {
  skip,
}, async () => {
  const [path, again, recording] = ["wss.html", "again.html", "wss"].map((name) => join(folder, name));
  const hot = start(workloadPath("hot"), ["-p", "20"]);
  const outputs = ["-j", "--html", String(path), "-o", String(recording)];
  const records = (await run("wss", ...outputs, "-p", String(hot.pid), "0.2", "4")) as WssRecord[];
  hot.process.kill("SIGKILL");
  const samples = records.filter((record): record is WssSampleRecord => record.type === "sample");
  assert.equal(samples.length, 4);
  await run("report", "-j", "--html", String(again), String(recording));
  for (const file of [path, again]) {
    const { page, complaints } = await open(String(file));
    const columns: (number | null)[][] = await page.evaluate("window.__plots[0].data.map((c) => [...c])");
    const known = (index: number) => columns[index]?.filter((value) => value !== null && value !== undefined);
    assert.deepEqual(
      known(1),
      samples.map(({ wss }) => wss),
    );
    assert.deepEqual(
      known(4),
      samples.map(({ rss }) => rss),
    );
    assert.deepEqual(complaints, []);
    await page.close();
  }
});
