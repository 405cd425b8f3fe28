import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { averageRow, columnsFor, type Row } from "../../lib/fault/stat/table.ts";
import type { SampleRecord } from "../../lib/metric/record.ts";
import { headerLine, printable, rowLine, wrap } from "../../lib/term/table.ts";
import { start, summary } from "../records.ts";

const anyName = fc.string({ unit: "binary", maxLength: 40 });

test("of a name that a program chose no control character, line break or direction override survives", () => {
  fc.assert(
    fc.property(anyName, (name) => assert.doesNotMatch(printable(name), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)),
  );
  assert.equal(printable("\u001b[31mred\u0007\n\u202e"), "?[31mred???");
});

test("a name is cut by characters and says that it was", () => {
  assert.equal(printable("abcdef", 4), "abc+");
  assert.equal(printable("日本語です", 3), "日本+");
  assert.equal(printable("abcd", 4), "abcd");
  fc.assert(
    fc.property(anyName, fc.integer({ min: 1, max: 20 }), (name, width) => {
      assert.ok([...printable(name, width)].length <= width);
    }),
  );
});

const percentiles = { count: 5, p50Ns: 999_999_999, p90Ns: 1, p99Ns: 999_999_999, maxNs: 1 };
const anySample: fc.Arbitrary<Row> = fc.record({
  time: fc.nat(),
  seconds: fc.constant(1),
  pid: fc.integer({ min: 1, max: 4_194_304 }),
  tid: fc.integer({ min: 1, max: 4_194_304 }),
  comm: anyName,
  minor: fc.nat({ max: 1e9 }),
  major: fc.nat({ max: 1e9 }),
  minorPerSecond: fc.double({ min: 0, max: 1e9, noNaN: true }),
  majorPerSecond: fc.double({ min: 0, max: 1e9, noNaN: true }),
  rss: fc.option(fc.nat({ max: 2 ** 50 })),
  latency: fc.constant<NonNullable<SampleRecord["latency"]>>({ minor: percentiles, major: percentiles }),
});

test("no row and no header reaches 80 columns, and each value stands under its title", () => {
  const interval = fc.constantFrom(0.01, 0.1, 0.5, 1, 10);
  const shape = fc.record({ latency: fc.boolean(), perThread: fc.boolean(), interval });
  fc.assert(
    fc.property(anySample, shape, fc.boolean(), (row, options, timestamp) => {
      const columns = columnsFor(options, timestamp);
      for (const line of [headerLine(columns), rowLine(columns, row)]) {
        assert.ok([...line].length < 80, line);
        assert.doesNotMatch(line, /\n/);
      }
      for (const column of columns) {
        assert.ok(column.title.length <= column.width, column.title);
        assert.ok([...column.value(row)].length <= column.width, `${column.title}: ${column.value(row)}`);
      }
    }),
  );
});

test("columns appear only where they were asked for", () => {
  const titles = (changes: Parameters<typeof start>[0], timestamp = false): string[] =>
    columnsFor(start(changes), timestamp).map((column) => column.title);
  const plain = { latency: false, perThread: false };
  assert.ok(!titles(plain).includes("TIME") && titles(plain, true).includes("TIME"));
  assert.ok(!titles(plain).includes("TID") && titles({ ...plain, perThread: true }).includes("TID"));
  assert.ok(!titles(plain).includes("min50/99") && titles({ latency: true }).includes("min50/99"));
});

test("the average is of the whole run, and of no time it is 0", () => {
  const row = averageRow(summary({ seconds: 4, minor: 100, major: 2 }), 4096);
  assert.deepEqual([row.minorPerSecond, row.majorPerSecond, row.rss], [25, 0.5, 4096]);
  assert.equal(averageRow(summary({ seconds: 0, minor: 100 }), null).minorPerSecond, 0);
});

test("prose is wrapped between words, and none is lost", () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }), (words) => {
      const lines = wrap(words.join(" "), 20);
      assert.equal(lines.join(" "), words.join(" "));
      for (const line of lines) assert.ok(line.length <= 20);
    }),
  );
  assert.equal(stripVTControlCharacters(wrap("x".repeat(90)).join()), "x".repeat(90));
});
