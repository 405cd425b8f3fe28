import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { execa } from "execa";
import { ROOT } from "../../lib/paths.ts";
import { bundle } from "../guest/bundle.ts";
import { SUITE, TOOLS } from "../guest/suite.ts";

test("every file of the suite exists, and every live test of the guest is in it or run by name", () => {
  for (const file of [...SUITE, ...TOOLS]) assert.ok(existsSync(join(ROOT, file)), file);
  const live = readdirSync(join(ROOT, "test/guest/live")).filter((name) => name.endsWith(".test.ts"));
  for (const name of live) assert.ok(SUITE.includes(`test/guest/live/${name}`), name);
});

test("no two bundles have the same name", () => {
  const names = [...SUITE, ...TOOLS].map((file) => basename(file));
  assert.deepEqual([...new Set(names)], names);
});

test("a bundled tool runs from anywhere, without tsx, and finds the project", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "bundle-"));
  t.after(() => rmSync(directory, { recursive: true }));
  await bundle(TOOLS, directory);
  const { exitCode, stdout, stderr } = await execa("node", [join(directory, "pgfaultstat.mjs"), "--help"], {
    reject: false,
  });
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /Usage: pgfaultstat/);
});
