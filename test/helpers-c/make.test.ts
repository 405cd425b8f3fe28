import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { make, start } from "./programs.ts";

function buildDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "helpers-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("two makes at once both leave a whole program, and nothing else", async (t) => {
  const directory = buildDirectory(t);
  await Promise.all([make("leash", `BUILD=${directory}`), make("leash", `BUILD=${directory}`)]);
  assert.deepEqual(readdirSync(directory).sort(), ["leash", "leash.d"]);
  const end = await start(join(directory, "leash"), [String(process.pid), "true"]).end;
  assert.deepEqual(end, { code: 0, signal: null, stderr: "" });
});

test("a compiler that fails leaves no program behind", async (t) => {
  const directory = buildDirectory(t);
  await assert.rejects(make("leash", `BUILD=${directory}`, "CFLAGS=-O2 -D=", "LDLIBS=-lno_such_library"));
  assert.deepEqual(readdirSync(directory), []);
  assert.equal(existsSync(join(directory, "leash")), false);
});
