import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { LineSplitter } from "../../lib/subprocess/lines.ts";

export const fixture = (path: string): Buffer => readFileSync(`${import.meta.dirname}/../fixtures/${path}`);

/** The lines of a stream that arrives in pieces of so many bytes. */
export function linesOf(bytes: Uint8Array, piece = bytes.length): string[] {
  const splitter = new LineSplitter();
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += piece)
    lines.push(...splitter.push(bytes.subarray(at, at + piece)));
  return [...lines, ...splitter.end()];
}

/**
 * What a parser makes of a fixture must not depend on where the pipe cut it, and a stream that ends
 * anywhere must not upset it: what was complete by then comes out the same.
 */
export function parsesHoweverCut<T>(bytes: Buffer, parse: (line: string) => T): T[] {
  const whole = linesOf(bytes).map(parse);
  for (const piece of [1, 7, 4096])
    assert.deepEqual(linesOf(bytes, piece).map(parse), whole, `${piece} bytes`);
  const text = linesOf(bytes);
  for (let end = 0; end < bytes.length; end++) {
    const lines = linesOf(bytes.subarray(0, end));
    const complete = bytes.subarray(0, end).filter((byte) => byte === 0x0a).length;
    assert.deepEqual(lines.slice(0, complete), text.slice(0, complete), `cut at ${end}`);
    lines.slice(complete).forEach(parse); // one that was cut may be anything, but must not throw
  }
  return whole;
}
