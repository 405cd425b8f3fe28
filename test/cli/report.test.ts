import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { execa } from "execa";
import { SCHEMA } from "../../lib/metric/record.ts";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { LIMIT_MS, make, until } from "../helpers-c/programs.ts";
import { start } from "../records.ts";

const folder = mkdtempSync(join(tmpdir(), "report-"));
const at = (name: string): string => join(folder, name);
after(() => rmSync(folder, { recursive: true }));

const tool = (name: string, ...args: string[]) =>
  execa(process.execPath, ["--import", "tsx", join(ROOT, "scripts", `${name}.ts`), ...args], {
    stdin: "ignore",
    reject: false,
    timeout: LIMIT_MS,
    stripFinalNewline: false,
    env: { NO_COLOR: "1" },
  });

const read = (name: string): string => readFileSync(at(name), "utf8");

/** A recording of these lines. */
function recording(name: string, lines: readonly string[]): string {
  mkdirSync(at(name));
  writeFileSync(at(`${name}/samples.ndjson`), lines.join("\n"));
  return at(name);
}

let live: { table: string; json: string };

before(async () => {
  await make("known", "leash", "launch", "faultcount");
  const files = ["--csv", at("live.csv"), "--html", at("live.html")];
  const run = ["-l", "0.1", "--", workloadPath("known"), "touch", "1009"];
  const json = await tool("pgfaultstat", "-j", "-o", at("recording"), ...files, ...run);
  assert.equal(json.exitCode, 0, json.stderr);
  const table = await tool("pgfaultstat", "-T", "-o", at("of-table"), ...run);
  assert.equal(table.exitCode, 0, table.stderr);
  live = { table: table.stdout, json: json.stdout };
});

test("a recording gives the very records of the run, and the same CSV and page", async () => {
  const files = ["--csv", at("again.csv"), "--html", at("again.html")];
  const { stdout, stderr, exitCode } = await tool("report", at("recording"), "-j", ...files);
  assert.deepEqual([stderr, exitCode], ["", 0]);
  assert.equal(stdout, live.json);
  assert.equal(stdout, read("recording/samples.ndjson"));
  assert.equal(read("again.csv"), read("live.csv"));
  assert.equal(read("again.html"), read("live.html"));
});

test("and the very table", async () => {
  const { stdout, exitCode } = await tool("report", at("of-table"), "-T");
  assert.equal(exitCode, 0);
  assert.equal(stdout, live.table);
  assert.match(stdout, /known \(pid \d+\)/);
});

test("samples.ndjson is all it needs: meta.json is for people", async () => {
  mkdirSync(at("alone"));
  copyFileSync(at("recording/samples.ndjson"), at("alone/samples.ndjson"));
  const { stdout } = await tool("report", at("alone"), "-j");
  assert.equal(stdout, live.json);
  assert.equal(JSON.parse(read("recording/meta.json")).type, "start");
});

test("a run that was killed is shown as far as it came, and it says so", async () => {
  const child = tool("pgfaultstat", "--via", "proc", "-o", at("killed"), "-p", String(process.pid), "0.05");
  const samples = (): number => {
    try {
      return read("killed/samples.ndjson").match(/"type":"sample"/g)?.length ?? 0;
    } catch {
      return 0; // not begun
    }
  };
  await until("three samples are there", () => samples() >= 3);
  child.kill("SIGKILL");
  await child;
  writeFileSync(at("killed/samples.ndjson"), read("killed/samples.ndjson").slice(0, -7)); // within a line
  const { stdout, stderr, exitCode } = await tool("report", at("killed"), "--html", at("killed.html"));
  assert.equal(exitCode, 0);
  assert.match(stderr, /^report: the recording ends without a summary: the run was killed; .*\n$/);
  assert.match(stdout, /^Average:$/m);
  assert.match(stdout, /the kernel's own counters are unknown/);
  assert.match(read("killed.html"), /without a summary/);
});

const refusals: [string, () => string[], RegExp, number][] = [
  ["no argument is a usage error", () => [], /^report: missing required argument 'DIR'\n$/, 2],
  ["an unknown option too", () => [at("recording"), "--nosuch"], /^report: unknown option '--nosuch'\n$/, 2],
  ["and a command", () => [at("recording"), "--", "ls"], /^report: takes a recording, and no command/, 2],
  [
    "what is not there is no recording",
    () => [at("nosuch")],
    /^report: '.*nosuch' is no recording: .*\n$/,
    1,
  ],
  ["nor is a file", () => [at("live.csv")], /^report: .*'.*live.csv.*\n$/, 1],
  [
    "nor are lines without a start",
    () => [recording("headless", ["{}", '{"type":"sample","time":1}', "x"])],
    /^report: '.*headless' is no recording: it does not begin with a start record\n$/,
    1,
  ],
  [
    "a later format is refused, and named",
    () => [recording("later", [JSON.stringify(start({ schema: SCHEMA + 1 }))])],
    new RegExp(`^report: '.*later' has format ${SCHEMA + 1}, this version reads up to ${SCHEMA}\n$`),
    1,
  ],
  [
    "a page that cannot be written fails before anything is shown",
    () => [at("recording"), "--html", at("nosuch/page.html")],
    /^report: cannot open '.*nosuch\/page.html': no such directory\n$/,
    1,
  ],
];

for (const [name, args, message, status] of refusals) {
  test(name, async () => {
    const { stdout, stderr, exitCode } = await tool("report", ...args());
    assert.match(stderr, message);
    assert.deepEqual([stdout, exitCode], ["", status]);
  });
}
