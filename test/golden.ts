import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { ROOT } from "../lib/paths.ts";

/** Text must equal test/golden/NAME; with UPDATE=1 it becomes it. */
export function assertGolden(name: string, text: string): void {
  const golden = join("test/golden", name);
  const path = join(ROOT, golden);
  if (process.env.UPDATE === "1") {
    writeFileSync(path, text);
    return;
  }
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  const actual = join(tmpdir(), name);
  writeFileSync(actual, text);
  const file = relative(ROOT, process.argv[1] ?? "");
  assert.fail(
    [
      `${golden} is not what is shown now`,
      `to see the difference:  diff -u ${golden} ${actual}`,
      `to accept it:           UPDATE=1 node --import tsx --test ${file}`,
    ].join("\n"),
  );
}
