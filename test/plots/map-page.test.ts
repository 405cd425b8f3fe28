import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import fc from "fast-check";
import type { MapRecord } from "../../lib/metric/map-record.ts";
import { browserCode } from "../../plots/assets.ts";
import type { ProcessData } from "../../plots/heat-data.ts";
import { mapPage } from "../../plots/map-page.ts";
import {
  BIN,
  BLOCK,
  functionOf,
  heat,
  hex,
  manyRegions,
  mapStart,
  mapSummary,
  region,
} from "./map-records.ts";
import { T0 } from "./records.ts";

function dataOf(document: string): { processes: ProcessData[] } {
  const [, json = ""] = /<script type="application\/json" id="map">(.*?)<\/script>/s.exec(document) ?? [];
  return JSON.parse(json);
}

function markupOf(document: string): string {
  return document.replace(/<(script|style)\b[^>]*>.*?<\/\1>/gs, "");
}

test("the browser code of the map is one script that compiles", () => {
  assert.doesNotThrow(() => new vm.Script(browserCode("map-page.js")));
  const names = [...browserCode("map-page.js").matchAll(/^(?:const|let|function) (\w+)/gm)].map(([, n]) => n);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

test("the page names no address but the one in uPlot's licence banner", () => {
  const document = mapPage(manyRegions(9, 20));
  assert.deepEqual(document.match(/https?:\/\/[^\s"')]*/g), ["https://github.com/leeoniya/uPlot"]);
  assert.ok(!/<(link|img|iframe|script[^>]* src)\b/.test(document));
});

test("the data block holds every cell, and the rates add up to them", () => {
  const records = manyRegions(20, 30);
  const [{ heat: data } = { heat: null }] = dataOf(mapPage(records)).processes;
  const recorded = records.find((record) => record.type === "heat");
  assert.ok(data && recorded?.type === "heat");
  const rows = data.bands.flatMap((band) =>
    band.segments.flatMap(({ address, rows }) => Array.from({ length: rows }, (_, i) => address + i * BLOCK)),
  );
  const { cells } = data;
  const read = cells.row.map((row, i) => [hex(rows[row] ?? 0), cells.bin[i], cells.minor[i], cells.major[i]]);
  const sorted = recorded.cells.toSorted((a, b) => Number(a[0]) - Number(b[0]) || a[1] - b[1]);
  assert.deepEqual(read, sorted);
  const { time, minor } = data.rates;
  const faults = minor.reduce<number>(
    (sum, rate, i) => sum + (rate ?? 0) * ((time[i] ?? 0) - (time[i - 1] ?? 0)),
    0,
  );
  const total = recorded.cells.reduce((sum, cell) => sum + cell[2], 0);
  assert.ok(Math.abs(faults - total) < 1e-6 * total, `${faults} of ${total}`);
});

test("an address at the very top keeps all its digits", () => {
  const top = 0xffff_ffff_ff60_0000;
  const document = mapPage([mapStart(), region(top, 1), heat([[hex(top), 0, 1, 0]])]);
  assert.equal(dataOf(document).processes[0]?.heat?.bands[0]?.segments[0]?.address, top);
});

test("the verdict of each process, the figures, the regions and the books can be read", () => {
  const markup = markupOf(mapPage([...manyRegions(3, 20), ...manyRegions(2, 9, 77).slice(1)]));
  assert.equal(markup.match(/class="verdict"/g)?.length, 2);
  for (const text of ["index 42", "index 77", "lib0.so", "sequential, 97 %", "98 % go on with a walk"]) {
    assert.ok(markup.includes(text), text);
  }
  assert.match(markup, /The books balance: /);
});

test("the functions of each process stand in a table of its own, busiest first; without any there is none", () => {
  const functions = [
    functionOf({ minor: 30, share: 0.75 }),
    functionOf({ function: "[libz.so.1]", file: "/lib/libz.so.1", minor: 10, share: 0.25 }),
    functionOf({ pid: 77, function: "read_zero", file: "[kernel]", region: null, regionStart: null }),
  ];
  const markup = markupOf(mapPage([...manyRegions(3, 20), ...manyRegions(2, 9, 77).slice(1), ...functions]));
  const [, section = ""] = /<h2>Functions (.*?)<\/section>/s.exec(markup) ?? [];
  const names = [...section.matchAll(/<th scope="row"[^>]*><bdi>(.*?)<\/bdi>/g)].map(([, name]) => name);
  assert.deepEqual(names.sort(), ["[libz.so.1]", "fill_table", "read_zero"]);
  assert.equal(section.match(/data-process/g)?.length, 2);
  assert.match(section, /30<\/td>.*75 %/);
  assert.doesNotMatch(mapPage(manyRegions(3, 20)), /<h2>Functions/);
});

test("foreign text adds no element to the map, wherever it stands", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("</script><script>alert(1)//", '"><img src=x onerror=alert(1)>', "<!--", "\u202e]]>"),
  );
  const elements = (text: string) => {
    const document = mapPage([
      mapStart({ target: text, source: text, degraded: [text], tool: text }),
      region(0, 4, { name: text, path: text, permissions: text, minor: 1 }),
      functionOf({ function: text, file: text, region: text, regionStart: text }),
      heat([[hex(0), 0, 1, 0]]),
      mapSummary(1, 0, { comm: text, verdict: text }),
      { type: "error", time: T0, message: text },
    ]);
    assert.equal(document.match(/<script\b/g)?.length, 3);
    return markupOf(document)
      .replace(/ title="[^"]*"/g, "")
      .match(/<[a-z!/][^>]*>/g);
  };
  const plain = elements("index");
  fc.assert(fc.property(hostile, (text) => assert.deepEqual(elements(`x${text}`), plain)));
});

test("records that were cut anywhere still make a map", () => {
  const records = manyRegions(5, 10);
  for (let length = 0; length <= records.length; length++) {
    assert.match(mapPage(records.slice(0, length)), /<\/html>\n$/);
  }
  assert.match(mapPage([]), /No heat map/);
  assert.match(mapPage(records.slice(1)), /unknown target/);
  assert.match(mapPage(records.slice(0, -1)), /the books cannot be shown/);
});

test("100,000 cells stay below 4 MB", () => {
  const cells = Array.from({ length: 100_000 }, (_, i): [string, number, number, number] => [
    ...([hex(i * BLOCK), i % 512, 1 + (i % 5), 0] as const),
  ]);
  const records: MapRecord[] = [mapStart(), region(0, 100_000), heat(cells, { binSeconds: BIN })];
  assert.ok(mapPage(records).length < 4e6);
});
