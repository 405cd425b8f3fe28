import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineSplitter } from "../../lib/subprocess/lines.ts";

const anyText = fc.string({ unit: fc.constantFrom("a", "\n", "ü", "日", "🙂", "\r", "\0"), maxLength: 60 });

test("lines come out whole wherever the bytes were cut, in the middle of a letter too", () => {
  fc.assert(
    fc.property(anyText, fc.array(fc.nat({ max: 250 })), (text, cuts) => {
      const bytes = Buffer.from(text);
      const splitter = new LineSplitter();
      const lines: string[] = [];
      let from = 0;
      for (const to of [...cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b), bytes.length]) {
        lines.push(...splitter.push(bytes.subarray(from, to)));
        from = to;
      }
      lines.push(...splitter.end());
      const expected = text.split("\n");
      if (expected.at(-1) === "") expected.pop();
      assert.deepEqual(lines, expected);
    }),
  );
});

test("a line is there as soon as its end is, what is left comes at the end", () => {
  const splitter = new LineSplitter();
  assert.deepEqual(splitter.push(Buffer.from("one\ntw")), ["one"]);
  assert.deepEqual(splitter.push(Buffer.from("o\n\nthree")), ["two", ""]);
  assert.deepEqual(splitter.end(), ["three"]);
  assert.deepEqual(splitter.end(), []);
});

test("a letter that the end cuts becomes a replacement character, not an error", () => {
  const splitter = new LineSplitter();
  assert.deepEqual(splitter.push(Buffer.from("ü").subarray(0, 1)), []);
  assert.deepEqual(splitter.end(), ["\ufffd"]);
});
