import assert from "node:assert/strict";
import { copyFile, readFile } from "node:fs/promises";
import { describe, type TestContext, test } from "node:test";
import Papa from "papaparse";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";
import {
  openFolder,
  recordsOf,
  runTool,
  samplesOf,
  start,
  startTarget,
  summariesOf,
  TOOL,
  until,
} from "./tool.ts";

/** Names that programs may have, 15 bytes at most (TASK_COMM_LEN), each as bash's printf writes it. */
const NAMES: Record<string, string> = {
  "spaces and parentheses": "a ) (b) S 1",
  quotes: `'"\`, "",`,
  newline: "new\\nline\\r\\ttab",
  "escape sequences": "\\033[31m\\033]0;x\\a",
  "end of a script": "</script><b>",
  markup: "<img src=x>&lt;",
  "spreadsheet formula": "=1+2",
  "invalid UTF-8": "\\377\\376ok\\200",
  "direction override": "\\342\\200\\256gnp",
};

/** A process with each of these names, as many as there are. */
async function startNamed(t: TestContext): Promise<number[]> {
  const pids = Object.values(NAMES).map(
    (name) =>
      startTarget(t, [
        "bash",
        "-c",
        'printf "$1" >/proc/self/comm; while :; do (:); read -t 0.02 <> <(:); done',
        "bash",
        name,
      ]).pid,
  );
  await until("all are renamed", () =>
    pids.every((pid) => !/bash|node/.test(readPidStat(pid)?.comm ?? "bash")),
  );
  return pids;
}

/** No line break, no control character, no direction override: nothing but text in lines. */
const isHarmless = (text: string): boolean => !/[^\P{C}\n]/u.test(text);

describe("hostile names", { concurrency: 4 }, () => {
  test("are harmless in the table, the CSV and the page", async (t) => {
    const folder = await openFolder(t);
    const pids = await startNamed(t);
    const files = ["--csv", `${folder}/a.csv`, "--html", `${folder}/a.html`];
    const { status, stdout, stderr } = await runTool(t, ["-T", ...files, "0.2", "2", "-p", pids.join()]);
    assert.equal(status, 0);
    assert.equal(stderr, "");
    assert.ok(isHarmless(stdout), JSON.stringify(stdout));
    for (const line of stdout.split("\n")) assert.ok(line.length < 80, line);
    const [rows = ""] = stdout.split("Average:\n");
    assert.equal(rows.trimEnd().split("\n").length, 1 + 2 * pids.length, "a row is a line");

    const csv = Papa.parse<Record<string, string>>(await readFile(`${folder}/a.csv`, "utf8"), {
      header: true,
      skipEmptyLines: true,
    });
    assert.deepEqual(csv.errors, []);
    assert.equal(csv.data.length, 2 * pids.length);
    for (const row of csv.data) assert.ok(pids.includes(Number(row.pid)), JSON.stringify(row));
    assert.ok(
      csv.data.some((row) => row.comm === "</script><b>"),
      "as it is",
    );

    const page = await readFile(`${folder}/a.html`, "utf8");
    const opened = page.match(/<script/g)?.length;
    assert.equal(page.match(/<\/script/g)?.length, opened, "no name ends a script");
    assert.ok(!page.includes("<img src=x"), "no name is markup");
    assert.ok(!page.includes("</script><b>"));
  });

  test("are whole in JSON and in a recording", async (t) => {
    const folder = await openFolder(t);
    const pids = await startNamed(t);
    const args = ["-j", "-l", "-o", `${folder}/rec`, "0.2", "2", "-p", pids.join()];
    const { status, stdout } = await runTool(t, args);
    assert.equal(status, 0);
    const names = new Map(summariesOf(stdout).map(({ pid, comm }) => [pid, comm]));
    assert.deepEqual(new Set(names.keys()), new Set(pids));
    for (const pid of pids) assert.equal(names.get(pid), readPidStat(pid)?.comm);
    assert.equal(await readFile(`${folder}/rec/samples.ndjson`, "utf8"), stdout);
  });
});

test("a COMMAND of such a name, and children that are gone before anyone could read theirs", async (t) => {
  const folder = await openFolder(t);
  // a name of a file can be any bytes but "/" and NUL
  const names = ["a ) (b) S 1", `'"\`, "",`, "new\nline\ttab", "\u001b[31mred", "<b>&lt;", "back\\slash\\"];
  const files = names.map((name) => `${folder}/${name}`);
  for (const file of files) await copyFile("/bin/true", file);
  const script = 'for file; do "$file"; done; exec "$1"';
  const { status, stdout, stderr } = await runTool(t, ["-f", "-j", "--", "sh", "-c", script, "sh", ...files]);
  assert.equal(stderr, "");
  assert.equal(status, 0);
  const found = summariesOf(stdout).map(({ comm }) => comm);
  assert.deepEqual(found.toSorted(), [names[0], ...names].toSorted());
  for (const { pid, minor, untraced, kernelMinor, unexplained } of summariesOf(stdout)) {
    assert.equal(Number(minor) + Number(untraced), kernelMinor, `${pid}`);
    assert.equal(unexplained, 0);
  }
  assert.ok(samplesOf(stdout).length >= names.length);
});

test("a COMMAND whose arguments and name are invalid UTF-8 is run as it is", async (t) => {
  const folder = await openFolder(t);
  await copyFile("/bin/sleep", Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe, 0x41])]));
  // Node itself cannot pass such bytes: the shell does
  const script = `"$@" -j -T 0.1 -- sh -c 'exec ${folder}/*A 0.3'`;
  const { status, stdout } = await start(t, ["bash", "-c", script, "bash", ...TOOL]).ended;
  assert.equal(status, 0);
  assert.equal(recordsOf(stdout).at(-1)?.comm, "\ufffd\ufffdA");
});
