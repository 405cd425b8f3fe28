import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";
import { EXIT } from "../../lib/cli/error.ts";
import { SCHEMA } from "../../lib/metric/record.ts";
import { SAMPLE_METRICS } from "../../lib/metric/registry.ts";
import { ROOT } from "../../lib/paths.ts";
import { SOURCES } from "../../lib/source/source.ts";

const RECORDS = "lib/metric/record.ts";
const page = readFileSync(`${ROOT}/docs/output.md`, "utf8");

/** The first two cells of each row of the table beneath a heading: name without its marks, and unit. */
function rowsOf(heading: string): [string, string][] {
  const section = new RegExp(`^#+ ${heading}\n([^]*?)(?=^#|$(?![^]))`, "m").exec(page)?.[1];
  assert.ok(section, `docs/output.md has no section ${heading}`);
  return section
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (field|column|file|status) /.test(line))
    .map((line) => line.split("|"))
    .map(([, name = "", unit = ""]) => [name.trim().replaceAll("`", ""), unit.trim()]);
}

/** The fields of an interface of record.ts, those that may lack with "?". */
function fieldsOf(name: string): string[] {
  const source = ts.createSourceFile(
    RECORDS,
    readFileSync(`${ROOT}/${RECORDS}`, "utf8"),
    ts.ScriptTarget.Latest,
  );
  const found = source.statements.find(
    (each): each is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(each) && each.name.text === name,
  );
  assert.ok(found, `${RECORDS} has no interface ${name}`);
  return found.members
    .filter(ts.isPropertySignature)
    .map((member) => `${member.name.getText(source)}${member.questionToken ? "?" : ""}`);
}

const SECTIONS: Record<string, string> = {
  start: "StartRecord",
  sample: "SampleRecord",
  summary: "SummaryRecord",
  error: "ErrorRecord",
  latency: "LatencySummary",
  histogram: "LatencyBucket",
  types: "AccessTypes",
};

for (const [section, name] of Object.entries(SECTIONS)) {
  test(`docs/output.md names every field of ${name} and no other`, () => {
    assert.deepEqual(
      rowsOf(section)
        .map(([field]) => field)
        .sort(),
      fieldsOf(name).sort(),
    );
  });
}

test("no record is left out of docs/output.md", () => {
  const text = readFileSync(`${ROOT}/${RECORDS}`, "utf8");
  const interfaces = [...text.matchAll(/^export interface (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(Object.values(SECTIONS).sort(), interfaces.sort());
});

test("docs/output.md has the columns of the CSV in their order, with the registry's units", () => {
  assert.deepEqual(
    rowsOf("CSV"),
    SAMPLE_METRICS.map(({ name, unit }) => [name, unit]),
  );
});

test("docs/output.md names every exit status, source, way to end, and the format's version", () => {
  const statuses = rowsOf("Exit status").map(([status]) => status);
  assert.deepEqual(statuses, [...Object.values(EXIT).map(String), "other"]);
  for (const source of SOURCES) assert.ok(page.includes(`\`${source}\``), source);
  const ends = /type EndedBy = (.*);/.exec(readFileSync(`${ROOT}/${RECORDS}`, "utf8"))?.[1] ?? "";
  for (const [, end] of ends.matchAll(/"(\w+)"/g)) assert.ok(page.includes(`\`${end}\``), end);
  assert.ok(page.includes(`version of this format, ${SCHEMA};`));
});

test("a field in a name ending in Ns is in nanoseconds, and nothing else is", () => {
  for (const section of [...Object.keys(SECTIONS), "CSV"]) {
    for (const [name, unit] of rowsOf(section)) assert.equal(unit === "ns", name.endsWith("Ns"), name);
  }
});
