import assert from "node:assert/strict";
import { test } from "node:test";
import { Screen } from "../../lib/term/screen.ts";

const ESC = String.fromCharCode(27);
const TOKENS = new RegExp(`${ESC}\\[\\d*[AKJ]|\\r|\\n|[^\\r\\n${ESC}]+`, "gu");

/** What a terminal shows after these bytes: just CUU, CR, EL, ED and line feeds. */
function shown(bytes: string): string[] {
  const lines = [""];
  let row = 0;
  for (const [token] of bytes.matchAll(TOKENS)) {
    if (token === "\r")
      continue; // always at the beginning of a line here
    else if (token === "\n") lines[++row] ??= "";
    else if (token.endsWith("A") && token.startsWith("\u001b")) row -= Number(token.slice(2, -1));
    else if (token === "\u001b[J") lines.splice(row, lines.length, "");
    else if (token === "\u001b[K") lines[row] = lines[row]?.slice(0, written) ?? "";
    else lines[row] = token + (lines[row]?.slice(token.length) ?? "");
    written = token.startsWith("\u001b") || token === "\n" ? 0 : token.length;
  }
  return lines;
}
let written = 0;

test("it draws in the place of what it drew before, longer or shorter, and takes itself away", () => {
  let bytes = "before\n";
  const screen = new Screen((text) => {
    bytes += text;
  });
  screen.draw(["one", "two", "three"]);
  assert.deepEqual(shown(bytes), ["before", "one", "two", "three", ""]);
  screen.draw(["1", "2"]);
  assert.deepEqual(shown(bytes), ["before", "1", "2", ""]);
  screen.draw(["first line", "second", "third"]);
  assert.deepEqual(shown(bytes), ["before", "first line", "second", "third", ""]);
  screen.clear();
  assert.deepEqual(shown(bytes).join("").trim(), "before");
  screen.draw(["again"]);
  assert.deepEqual(shown(bytes).slice(0, 2), ["before", "again"]);
});
