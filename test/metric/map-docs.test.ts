import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";
import { ROOT } from "../../lib/paths.ts";

const page = readFileSync(`${ROOT}/docs/map.md`, "utf8");

function fieldsOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(`${ROOT}/${file}`, "utf8"), ts.ScriptTarget.Latest);
  const found = source.statements.find(
    (each): each is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(each) && each.name.text === name,
  );
  assert.ok(found, `${file} has no interface ${name}`);
  return found.members.filter(ts.isPropertySignature).map((member) => member.name.getText(source));
}

const RECORDS = "lib/metric/map-record.ts";
const VERDICT = "lib/fault/pattern/verdict.ts";

for (const [row, [file, name]] of Object.entries({
  start: [RECORDS, "MapStartRecord"],
  region: [RECORDS, "RegionRecord"],
  heat: [RECORDS, "HeatRecord"],
  summary: [RECORDS, "MapSummaryRecord"],
  evidence: [VERDICT, "PatternEvidence"],
  phases: [VERDICT, "PatternPhase"],
} as const)) {
  test(`docs/map.md names every field of ${name} and no other`, () => {
    // the table of records is the last on the page
    const rows = [...page.matchAll(new RegExp(`^\\| ${row} \\| (.*) \\|$`, "gm"))];
    const cells = rows.at(-1)?.[1] ?? "";
    const named = cells
      .replace(/\([^)]*\)|: \[[^\]]*\]/g, "")
      .split(",")
      .map((field) => field.trim());
    assert.deepEqual(named.sort(), fieldsOf(file, name).sort());
  });
}
