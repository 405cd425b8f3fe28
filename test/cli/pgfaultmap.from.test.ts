import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { execa } from "execa";
import type { MapRecord, MapSummaryRecord } from "../../lib/metric/map-record.ts";
import { ROOT } from "../../lib/paths.ts";
import { perfIsMissing } from "../helpers-c/perf.ts";
import { IS_ROOT } from "./tool.ts";

const TOOL = ["--import", "tsx", `${ROOT}/scripts/pgfaultmap.ts`];
const RIGHT = ["-e", "minor-faults", "-e", "major-faults", "-c", "1", "-d"];

const directory = mkdtempSync(join(tmpdir(), "from-"));
const at = (name: string): string => join(directory, name);
let noPerf: string | null;

before(async () => {
  noPerf = await perfIsMissing();
  if (noPerf === null) await record("perf.data", RIGHT, "sh", "-c", "/bin/true; exit 0");
});
after(() => rmSync(directory, { recursive: true }));

const record = (name: string, options: string[], ...command: string[]) =>
  execa("perf", ["record", ...options, "-o", at(name), "--", ...command]);

const run = (...args: string[]) => execa("node", [...TOOL, ...args], { reject: false });

/** What perf script itself prints of faults: lines by process. */
async function counted(name: string): Promise<Record<string, number>> {
  const { stdout } = await execa("perf", ["script", "-i", at(name), "-F", "pid,event"]);
  const counts: Record<string, number> = {};
  for (const [, pid = ""] of stdout.matchAll(/^ *(\d+) +(?:minor|major)-faults:/gm))
    counts[pid] = (counts[pid] ?? 0) + 1;
  return counts;
}

const faultsBy = (lines: string): Record<string, number> =>
  Object.fromEntries(
    lines
      .split("\n")
      .map((line) => JSON.parse(line) as MapRecord)
      .filter((r): r is MapSummaryRecord => r.type === "summary")
      .map(({ pid, faults }) => [pid, faults]),
  );

function needsPerf(t: TestContext): boolean {
  if (noPerf !== null) t.skip(noPerf);
  return noPerf === null;
}

test("--from: of every process as many faults as perf script has lines of it, and nothing of what is alive", async (t) => {
  if (!needsPerf(t)) return;
  const { stdout, stderr, exitCode } = await run("-j", "--from", at("perf.data"));
  assert.deepEqual([exitCode, stderr], [0, ""]);
  const counts = await counted("perf.data");
  assert.equal(Object.keys(counts).length, 2, "sh and true");
  assert.deepEqual(faultsBy(stdout), counts);
  const records = stdout.split("\n").map((line) => JSON.parse(line) as MapRecord);
  const summaries = records.filter((r) => r.type === "summary");
  assert.deepEqual(
    summaries.map(({ comm, endedBy, lost, kernelMinor }) => [comm, endedBy, lost, kernelMinor]),
    [
      ["sh", "recording", 0, null],
      ["true", "recording", 0, null],
    ],
  );
  const regions = records.filter((r) => r.type === "region");
  for (const name of ["[stack]", "libc.so.6"])
    assert.ok(
      regions.some((region) => region.name === name),
      name,
    );
});

test("--from: functions are named by the build ids of the recording, the kernel is told apart, exactly", async (t) => {
  if (!needsPerf(t)) return;
  const { stdout } = await run("-j", "--from", at("perf.data"));
  const functions = stdout
    .split("\n")
    .map((line) => JSON.parse(line) as MapRecord)
    .filter((record) => record.type === "function");
  const script = await execa("perf", ["script", "-i", at("perf.data"), "-F", "event,ip,dso"]);
  const lines = [...script.stdout.matchAll(/(?:minor|major)-faults: +([0-9a-f]+) \((.*)\)$/gm)];
  const inKernel = lines.filter(([, ip = ""]) => ip.startsWith("ffff")).length;
  assert.ok(inKernel > 0);
  const taken = (file: string): number =>
    functions.reduce((sum, each) => sum + (each.file === file ? each.minor + each.major : 0), 0);
  assert.equal(taken("[kernel]"), inKernel);
  const loader = lines.map(([, , dso = ""]) => dso).find((dso) => dso.includes("/ld-linux")) ?? "";
  assert.equal(taken(loader), lines.filter(([, , dso]) => dso === loader).length);
  const named = functions.filter(({ file }) => file === loader).map((each) => each.function);
  assert.ok(named.includes("_dl_relocate_object"), named.join());
});

test("-p chooses among the processes of the recording, -f adds their children", async (t) => {
  if (!needsPerf(t)) return;
  const counts = await counted("perf.data");
  const [shell = "", child = ""] = Object.keys(counts);
  const [one, both] = await Promise.all([
    run("-j", "--from", at("perf.data"), "-p", child),
    run("-j", "--from", at("perf.data"), "-f", "-p", shell),
  ]);
  assert.deepEqual(faultsBy(one.stdout), { [child]: counts[child] });
  assert.deepEqual(faultsBy(both.stdout), counts);
});

test("the table of a recording has lines below 80 columns and says what a recording cannot have", async (t) => {
  if (!needsPerf(t)) return;
  const { stdout } = await run("--from", at("perf.data"));
  assert.match(stdout.replaceAll("\n", " "), /what the kernel counted itself is not in a recording/);
  for (const line of stdout.split("\n")) assert.ok(line.length < 80, line);
});

test("what is missing in a recording is told, on standard error and in the start record", async (t) => {
  if (!needsPerf(t)) return;
  await record("odd.data", ["-e", "minor-faults", "-c", "3", "-d"], "true");
  const { stdout, stderr, exitCode } = await run("-j", "--from", at("odd.data"));
  assert.equal(exitCode, 0);
  const [start] = stdout.split("\n").map((line) => JSON.parse(line) as MapRecord);
  assert.ok(start?.type === "start");
  assert.deepEqual(start.degraded, [
    "major faults were not recorded",
    "minor-faults was sampled, one in 3: counts are samples",
  ]);
  assert.equal(stderr, start.degraded.map((text) => `pgfaultmap: ${text}`).join("\n"));
});

test("files that cannot be read, or not to their end: one line, status 1, nothing on standard output", async (t) => {
  if (!needsPerf(t)) return;
  copyFileSync(at("perf.data"), at("truncated"));
  // struct perf_file_header (tools/perf/util/header.h): at byte 40 where the data begins; its first record is cut
  const size = Number(readFileSync(at("perf.data")).readBigUInt64LE(40)) + 8;
  truncateSync(at("truncated"), size);
  for (const [name, reason] of [
    ["missing", /^pgfaultmap: cannot open '.*missing': no such file$/],
    [
      "truncated",
      new RegExp(`^pgfaultmap: cannot read '.*truncated': it ends after ${size} bytes of \\d+ or more$`),
    ],
  ] as const) {
    const { stdout, stderr, exitCode } = await run("--from", at(name));
    assert.deepEqual([exitCode, stdout], [1, ""], stderr);
    assert.match(stderr, reason);
    assert.match(stderr, /^[^\n]*$/);
  }
});

test("a pid that is not in it, and options that a recording cannot serve", async (t) => {
  if (!needsPerf(t)) return;
  for (const [args, status, line] of [
    [["-p", "4194000"], 1, /there is no process 4194000 in '.*perf.data'$/],
    [["-d", "1"], 2, /it cannot be combined with -d$/],
    [["--via", "perf"], 2, /it cannot be combined with --via$/],
    [["--", "true"], 2, /it cannot be combined with a command$/],
  ] as const) {
    const { stdout, stderr, exitCode } = await run("--from", at("perf.data"), ...args);
    assert.deepEqual([exitCode, stdout], [status, ""], stderr);
    assert.match(stderr, line);
    assert.match(stderr, /^pgfaultmap: [^\n]*$/);
  }
});

test("it needs no privilege, but the right to read the file", async (t) => {
  if (!needsPerf(t)) return;
  if (!IS_ROOT) return t.skip("needs: root, to become another user");
  chmodSync(directory, 0o755);
  const as = (name: string) =>
    execa(
      "setpriv",
      ["--reuid=65534", "--regid=65534", "--clear-groups", "node", ...TOOL, "-j", "--from", at(name)],
      {
        reject: false,
      },
    );
  copyFileSync(at("perf.data"), at("readable"));
  chmodSync(at("readable"), 0o644);
  const { stdout, stderr } = await as("readable");
  assert.deepEqual(faultsBy(stdout), await counted("perf.data"), stderr);
  chmodSync(at("readable"), 0o600);
  const refused = await as("readable");
  assert.deepEqual([refused.exitCode, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /^pgfaultmap: cannot open '.*readable': permission denied$/);
});
