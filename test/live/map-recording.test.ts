import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { execa } from "execa";
import type { ReadingTime } from "../../lib/fault/map/process-reader.ts";
import { replay } from "../../lib/fault/map/recording.ts";
import type { MapRecord, MapSummaryRecord, RegionRecord } from "../../lib/metric/map-record.ts";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { inOwnMounts } from "../cli/tool.ts";
import { perfIsMissing } from "../helpers-c/perf.ts";
import { LIMIT_MS, make, start, until } from "../helpers-c/programs.ts";

const folder = mkdtempSync(join(tmpdir(), "map-recording-"));
const at = (name: string): string => join(folder, name);
after(() => rmSync(folder, { recursive: true }));
before(() => make());

const argv = (name: string, args: readonly string[]): string[] => [
  process.execPath,
  "--import",
  "tsx",
  join(ROOT, "scripts", `${name}.ts`),
  ...args,
];

async function tool(name: string, ...args: string[]) {
  const [file = "", ...rest] = argv(name, args);
  return execa(file, rest, { cwd: ROOT, reject: false, timeout: LIMIT_MS, stripFinalNewline: false });
}

const read = (name: string): string => readFileSync(at(name), "utf8");
const parse = (text: string): MapRecord[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
const typed = <Type extends MapRecord["type"]>(records: readonly MapRecord[], type: Type) =>
  records.filter((r): r is Extract<MapRecord, { type: Type }> => r.type === type);
const faultsOf = (regions: readonly RegionRecord[]): number =>
  regions.reduce((sum, { minor, major }) => sum + minor + major, 0);

/** Real programs, and memory that no record tells: what a munmap, mremap or brk left. */
const PROGRAMS: Record<string, string[]> = {
  python3: ["--", "python3", "-c", "x = [bytearray(5000) for _ in range(3000)]; del x; y = [0] * 100000"],
  "children, each with its own space": ["-f", "--", "sh", "-c", "ls >/dev/null; grep -c a /etc/passwd; true"],
  "a process that is there already": ["-d", "0.5", "-p", String(process.pid)],
  "with call chains": ["-s", at("run.folded"), "--", workloadPath("callers"), "307", "211", "103"],
  "with the size of each page": ["-P", "--", workloadPath("walks"), "seq", "1009"],
  "with each mapping apart": ["--each-mapping", "--", "python3", "-c", "pass"],
};

for (const [name, args] of Object.entries(PROGRAMS)) {
  test(`report gives the very records, page and CSV of the run: ${name}`, async () => {
    const [dir, csv, html] = [at(`of ${name}`), at("run.csv"), at("run.html")];
    const run = await tool("pgfaultmap", "-j", "-o", dir, "--csv", csv, "--html", html, ...args);
    assert.equal(run.exitCode, 0, run.stderr);
    const files = ["--csv", at("again.csv"), "--html", at("again.html")];
    const again = await tool("report", "-j", dir, ...files);
    assert.deepEqual([again.exitCode, again.stderr], [0, ""]);
    assert.equal(again.stdout, run.stdout);
    assert.equal(read("again.csv"), read("run.csv"));
    assert.equal(read("again.html"), read("run.html"));
    assert.ok(typed(parse(run.stdout), "region").length > 0);
  });
}

test("report gives the very records of what perf recorded, too", async (t) => {
  const reason = await perfIsMissing();
  if (reason !== null) return t.skip(reason);
  const dir = at("by perf");
  const run = await tool(
    "pgfaultmap",
    "-j",
    "--via",
    "perf",
    "-o",
    dir,
    "--",
    "python3",
    "-c",
    "x = [0] * 100000",
  );
  assert.equal(run.exitCode, 0, run.stderr);
  const again = await tool("report", "-j", dir);
  assert.deepEqual([again.exitCode, again.stderr], [0, ""]);
  assert.equal(again.stdout, run.stdout);
  assert.ok(faultsOf(typed(parse(run.stdout), "region")) > 100);
});

test("the call chains are there again: report -s writes the very file", async () => {
  const again = await tool("report", "-s", at("again.folded"), at("of with call chains"));
  assert.deepEqual([again.exitCode, again.stderr], [0, ""]);
  assert.equal(read("again.folded"), read("run.folded"));
  assert.match(read("run.folded"), /;run_tables;fill_table 308$/m);
});

test("and the very table; its heat map too", async () => {
  const dir = at("table");
  const run = await tool("pgfaultmap", "-n", "5", "-o", dir, "--", workloadPath("walks"), "seq", "1009");
  const again = await tool("report", "-n", "5", dir);
  assert.equal(again.stdout, run.stdout);
  assert.match(again.stdout, /sequential/);
});

test("mappings that only /proc told are there again: read at the same places of the stream", async () => {
  const lines = readFileSync(at("of python3/maps.ndjson"), "utf8").trimEnd().split("\n");
  const whens = lines.map((line) => (JSON.parse(line) as { when: ReadingTime }).when);
  assert.equal(whens[0], "first");
  const without = at("without readings");
  cpSync(at("of a process that is there already"), without, { recursive: true });
  truncateSync(join(without, "maps.ndjson"), 0);
  const regions = typed([...replay(without)].flat(), "region");
  const unmapped = regions.filter(({ kind }) => kind === "unmapped");
  assert.ok(faultsOf(unmapped) > 0, "nothing came from the readings: this test shows nothing");
});

test("a run killed with SIGKILL renders: its faults and regions, and that its books are unknown", async () => {
  const dir = at("killed");
  const target = start(workloadPath("walk"), ["101", "1000000"]);
  const [file = "", ...rest] = argv("pgfaultmap", ["-o", dir, "-p", String(target.process.pid)]);
  const running = execa(file, rest, { reject: false, cwd: ROOT });
  const size = (): number => statSync(join(dir, "faults.bin"), { throwIfNoEntry: false })?.size ?? 0;
  await until("a megabyte recorded", () => size() > 1 << 20);
  running.kill("SIGKILL");
  await running;
  target.process.kill("SIGKILL");
  const { stdout, stderr, exitCode } = await tool("report", "-j", dir);
  assert.equal(exitCode, 0);
  assert.match(stderr, /^report: the recording ends without a summary: the run was killed[^\n]*\n$/);
  const records = parse(stdout);
  const [summary, ...others] = typed(records, "summary");
  assert.ok(summary);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [summary.comm, summary.endedBy, summary.kernelMinor, summary.failed, summary.lost],
    ["walk", "failure", null, null, null],
  );
  assert.equal(faultsOf(typed(records, "region")), summary.faults);
  assert.ok(summary.faults > 1000);
});

test("cut anywhere, in any of its files, it renders what is whole", async () => {
  const whole = at("of children, each with its own space");
  const total = (records: readonly MapRecord[]): number =>
    typed(records, "summary").reduce((sum, { faults }: MapSummaryRecord) => sum + faults, 0);
  const started = readFileSync(join(whole, "records.ndjson"), "utf8").indexOf("\n");
  const expected = total([...replay(whole)].flat());
  for (const name of ["faults.bin", "maps.ndjson", "records.ndjson"]) {
    const size = statSync(join(whole, name)).size;
    for (const share of [0, 0.1, 0.37, 0.5, 0.81, 0.99]) {
      const cut = at("cut");
      rmSync(cut, { recursive: true, force: true });
      cpSync(whole, cut, { recursive: true });
      truncateSync(join(cut, name), Math.floor(size * share));
      if (name === "records.ndjson" && size * share < started) {
        assert.throws(() => [...replay(cut)], /does not begin with a start record/);
        continue;
      }
      const records = [...replay(cut)].flat();
      assert.equal(records[0]?.type, "start");
      const seen = faultsOf(typed(records, "region"));
      if (name === "faults.bin") {
        assert.ok(seen < expected, `${seen} of ${expected} at ${share}`);
        assert.ok(share < 0.5 || seen > 0);
        assert.match(typed(records, "error")[0]?.message ?? "", /damaged|without/);
      } else assert.equal(seen, expected);
    }
  }
});

test("a disk that is full: told once, the run and its table go on, and what fitted renders", async () => {
  const small = at("small");
  const script = `mkdir ${small} && mount -t tmpfs -o size=64k none ${small}`;
  const command = argv("pgfaultmap", ["-o", `${small}/dir`, "--", workloadPath("walks"), "seq", "10009"]);
  const [file = "", ...rest] = inOwnMounts(script, [
    "sh",
    "-c",
    `"$@"; status=$?; cp -r ${small}/dir ${at("kept")}; exit $status`,
    "sh",
    ...command,
  ]);
  const { exitCode, stdout, stderr } = await execa(file, rest, { cwd: ROOT, reject: false });
  assert.equal(exitCode, 1);
  const [, ...lines] = stderr.split("\n"); // the first is the program's own
  assert.equal(lines.length, 1, stderr);
  assert.match(lines[0] ?? "", /^pgfaultmap: cannot write '[^']*faults.bin': no space left on device$/);
  assert.match(stdout, /sequential/);
  const { stdout: again } = await tool("report", at("kept"));
  assert.match(again, /sequential/);
});

test("a directory that is not empty is refused before anything is started, and left as it is", async () => {
  const { exitCode, stderr } = await tool("pgfaultmap", "-o", folder, "--", "touch", at("started"));
  assert.equal(exitCode, 2);
  assert.match(stderr, /^pgfaultmap: cannot record into '[^']*': it is not empty\n$/);
  assert.throws(() => statSync(at("started")));
});

test("report of what is no recording of pgfaultmap", async () => {
  cpSync(at("table"), at("no stream"), { recursive: true });
  rmSync(at("no stream/faults.bin"));
  const { exitCode, stderr, stdout } = await tool("report", at("no stream"));
  assert.deepEqual([exitCode, stdout], [1, ""]);
  assert.match(stderr, /^report: '[^']*' is no recording: it has no faults.bin\n$/);
});
