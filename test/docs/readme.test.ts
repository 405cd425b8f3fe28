import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Command } from "commander";
import { PGFAULTSTAT } from "../../lib/fault/stat/tool.ts";
import { ROOT } from "../../lib/paths.ts";
import { SOURCES } from "../../lib/source/source.ts";

const readme = readFileSync(`${ROOT}/README.md`, "utf8");

test("the README shows every option of pgfaultstat, and every source", () => {
  const options = PGFAULTSTAT.describe(new Command()).options.map((option) => option.short ?? option.long);
  assert.ok(options.length > 10);
  for (const option of options) assert.ok(readme.includes(`${option}`), `${option} is not in README.md`);
  for (const source of SOURCES) assert.ok(readme.includes(`\`${source}\``), `${source} is not in README.md`);
});

test("what the README links to is there", () => {
  for (const [, path = ""] of readme.matchAll(/\]\((?!http)([^)]+)\)/g)) {
    assert.ok(existsSync(`${ROOT}/${path}`), path);
  }
});

test("every npm script that the documents name exists", () => {
  const scripts: unknown = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")).scripts;
  assert.ok(typeof scripts === "object" && scripts !== null);
  for (const file of ["README.md", "CONTRIBUTING.md"]) {
    for (const [, name = ""] of readFileSync(`${ROOT}/${file}`, "utf8").matchAll(/npm run ([a-z:]+)/g)) {
      assert.ok(name in scripts, `${file} names 'npm run ${name}'`);
    }
  }
});
