import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";
import fc from "fast-check";
import type { FaultRecord } from "../../lib/metric/record.ts";
import { browserCode } from "../../plots/assets.ts";
import { faultPage } from "../../plots/fault-page.ts";
import { oneProcess, samples, start, summary, T0 } from "./records.ts";

const FIXTURES = new URL("../fixtures/records/", import.meta.url);

function recorded(name: string): FaultRecord[] {
  return readFileSync(new URL(name, FIXTURES), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function blocksOf(document: string): unknown[] {
  const blocks = document.matchAll(/<script type="application\/json" id="[^"]*">(.*?)<\/script>/gs);
  return [...blocks].map(([, json = ""]) => JSON.parse(json));
}

/** The document without its scripts and styles: what foreign text could have changed. */
function markupOf(document: string): string {
  return document.replace(/<(script|style)\b[^>]*>.*?<\/\1>/gs, "");
}

test("the browser code is one script that compiles", () => {
  assert.doesNotThrow(() => new vm.Script(browserCode("fault-page.js")));
  assert.ok(!/^(import|export) /m.test(browserCode("fault-page.js")));
});

test("the page names no address but the one in uPlot's licence banner", () => {
  const document = faultPage(recorded("many-processes.ndjson"));
  assert.deepEqual(document.match(/https?:\/\/[^\s"')]*/g), ["https://github.com/leeoniya/uPlot"]);
  assert.match(document, /\/\*! https:\/\/github.com\/leeoniya\/uPlot \(v1\.6/);
  assert.ok(!/<(link|img|iframe|script[^>]* src)\b/.test(document));
});

test("the data block holds every sample", () => {
  const records = recorded("one-process.ndjson");
  const [data] = blocksOf(faultPage(records)) as [{ series: { minor: (number | null)[] }[] }];
  const rates = records.flatMap((record) => (record.type === "sample" ? [record.minorPerSecond] : []));
  assert.deepEqual(data.series[0]?.minor, [null, ...rates]);
});

test("foreign text adds no element, wherever it stands", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
    fc.constantFrom(
      "</script><script>alert(1)//",
      '"><img src=x onerror=alert(1)>',
      "<!--",
      "\u202e]]>",
      "&lt;",
    ),
  );
  const elements = (text: string) => {
    const one = samples({ count: 2, comm: text });
    const document = faultPage(
      [
        start({ target: text, why: text, source: text, degraded: [text], tool: text }),
        ...one,
        summary(one),
        { type: "error", time: T0, message: text },
      ],
      { verdict: text },
    );
    assert.equal(blocksOf(document).length, 1);
    assert.ok(!/\p{Cs}/u.test(document));
    assert.equal(document.match(/<script\b/g)?.length, 3);
    return markupOf(document).match(/<[a-z!/][^>]*>/g);
  };
  const plain = elements("index");
  fc.assert(fc.property(hostile, (text) => assert.deepEqual(elements(`x${text}`), plain)));
});

test("records that were cut anywhere still make a page", () => {
  const records = recorded("one-process.ndjson");
  for (let length = 0; length <= records.length; length++) {
    assert.match(faultPage(records.slice(0, length)), /<\/html>\n$/);
  }
  assert.match(faultPage([]), /No samples/);
  assert.match(faultPage(records.slice(1)), /unknown target/);
});

test("a run without its summary says that the books are missing", () => {
  assert.match(faultPage(recorded("one-process.ndjson").slice(0, -1)), /the books cannot be shown/);
});

test("the books say what balances and what does not", () => {
  const one = samples({ count: 3 });
  const of = (changes: Parameters<typeof summary>[1]) => faultPage([start(), ...one, summary(one, changes)]);
  assert.match(of({}), /The books balance: [\d,]+ traced \+ 31 untraced = [\d,]+ counted by the kernel\./);
  assert.match(of({ edge: 4 }), /The books balance within the edge of 4: /);
  assert.match(of({ unexplained: 12 }), /do not balance: the kernel's counters do not explain 12 of/);
  assert.match(of({ lost: 7 }), /do not balance: the source lost 7 events/);
  assert.match(of({ kernelMinor: null, kernelMajor: null, unexplained: null }), /could not be read/);
});

test("the verdict, the reason for the source, degraded notes and errors can be read", () => {
  const document = faultPage(
    [
      start({ why: "perf is missing", degraded: ["no latency"] }),
      { type: "error", time: T0 + 5, message: "the source died" },
    ],
    { verdict: "All is well." },
  );
  for (const text of ["All is well.", "perf is missing", "no latency", "the source died"]) {
    assert.ok(markupOf(document).includes(text), text);
  }
});

test("100,000 samples stay below 10 MB", () => {
  const document = faultPage(oneProcess(100_000, 0.1));
  assert.ok(document.length < 10e6, `${document.length} bytes`);
});
