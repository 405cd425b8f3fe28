import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";
import { ROOT } from "../../lib/paths.ts";

function fieldsOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(`${ROOT}/${file}`, "utf8"), ts.ScriptTarget.Latest);
  const found = source.statements.find(
    (each): each is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(each) && each.name.text === name,
  );
  assert.ok(found, `${file} has no interface ${name}`);
  return found.members.filter(ts.isPropertySignature).map((member) => member.name.getText(source));
}

/** The fields that a page names in the row of a record; its table of records is its last. */
function namedFields(page: string, row: string): string[] {
  const text = readFileSync(`${ROOT}/${page}`, "utf8");
  const rows = [...text.matchAll(new RegExp(`^\\| ${row} \\| (.*) \\|$`, "gm"))];
  const cells = rows.at(-1)?.[1] ?? "";
  return cells
    .replace(/\([^)]*\)|: \[[^\]]*\]/g, "")
    .split(",")
    .map((field) => field.trim());
}

const MAP = "lib/metric/map-record.ts";
const VERDICT = "lib/fault/pattern/verdict.ts";
const WSS = "lib/metric/wss-record.ts";
const LIMIT = "lib/metric/wss-limit-record.ts";

const RECORDS: [page: string, row: string, file: string, name: string][] = [
  ["docs/map.md", "start", MAP, "MapStartRecord"],
  ["docs/map.md", "region", MAP, "RegionRecord"],
  ["docs/map.md", "function", MAP, "FunctionRecord"],
  ["docs/map.md", "stack", MAP, "StackRecord"],
  ["docs/map.md", "heat", MAP, "HeatRecord"],
  ["docs/map.md", "others", MAP, "OthersRecord"],
  ["docs/map.md", "summary", MAP, "MapSummaryRecord"],
  ["docs/map.md", "evidence", VERDICT, "PatternEvidence"],
  ["docs/map.md", "phases", VERDICT, "PatternPhase"],
  ["docs/wss.md", "start", WSS, "WssStartRecord"],
  ["docs/wss.md", "refused", WSS, "WssRefusedRecord"],
  ["docs/wss.md", "sample", WSS, "WssSampleRecord"],
  ["docs/wss.md", "region", WSS, "WssRegionRecord"],
  ["docs/wss.md", "point", WSS, "WssPointRecord"],
  ["docs/wss.md", "curve", WSS, "WssCurveRecord"],
  ["docs/wss.md", "points", WSS, "CurvePoint"],
  ["docs/wss.md", "limit", LIMIT, "WssLimitRecord"],
  ["docs/wss.md", "witnesses", LIMIT, "LimitWitnesses"],
  ["docs/wss.md", "summary", WSS, "WssSummaryRecord"],
];

for (const [page, row, file, name] of RECORDS) {
  test(`${page} names every field of ${name} and no other`, () => {
    assert.deepEqual(namedFields(page, row).sort(), fieldsOf(file, name).sort());
  });
}
