import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { execa } from "execa";
import type { MapRecord, MapSummaryRecord } from "../../lib/metric/map-record.ts";
import type { WssRecord, WssSampleRecord } from "../../lib/metric/wss-record.ts";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { FaultrecDecoder } from "../../lib/source/faultrec/decode.ts";
import { make, start } from "../helpers-c/programs.ts";
import { mapSection, recordsOf, startMap } from "./map.ts";

const folder = mkdtempSync(join(tmpdir(), "except-"));
const at = (name: string): string => join(folder, name);
after(() => rmSync(folder, { recursive: true }));

const tool = (name: string, ...args: string[]) =>
  execa("node", ["--import", "tsx", `${ROOT}/scripts/${name}.ts`, ...args], {
    reject: false,
    stdin: "ignore",
    cwd: ROOT,
  });

let pid = 0;

/** A program that does nothing but fault, recorded by pgfaultmap while wss clears its accessed bits. */
before(async () => {
  await make();
  const target = start(workloadPath("walk"), ["40000", "1000"]);
  try {
    pid = target.pid;
    const map = await startMap(["-l", "-o", at("map"), "-p", String(pid)]);
    const wss = await tool(
      "wss",
      ...["--method", "referenced", "--force", "-o", at("wss"), "-p", String(pid), "0.1", "10"],
    );
    assert.equal(wss.exitCode, 0, wss.stderr);
    map.process.kill("SIGINT");
    await recordsOf(map);
  } finally {
    target.process.kill("SIGKILL");
  }
});

const linesOf = <Kind>(text: string): Kind[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

async function summaryOf(...args: string[]): Promise<MapSummaryRecord> {
  const { stdout, stderr, exitCode } = await tool("report", "-j", at("map"), ...args);
  assert.deepEqual([exitCode, stderr], [0, ""]);
  const summary = linesOf<MapRecord>(stdout).find(
    (record): record is MapSummaryRecord => record.type === "summary",
  );
  assert.ok(summary);
  return summary;
}

/** What the two clocks are told to, ns: docs/map.md. */
const CLOCK_NS = 10_000;

/** Straight from the two recordings: the latencies of the faults that were under way in a stall, and of the others. */
function sorted(): { within: number[]; without: number[]; stalls: number } {
  const samples = linesOf<WssRecord>(readFileSync(at("wss/samples.ndjson"), "utf8")).filter(
    (record): record is WssSampleRecord => record.type === "sample",
  );
  let readyNs = 0;
  const [within, without]: [number[], number[]] = [[], []];
  const met = new Set<WssSampleRecord>();
  const decoder = new FaultrecDecoder({
    event: (event) => {
      if (event.type === "ready") readyNs = event.monotonicNs;
    },
    faults: ({ count, time, latency }) => {
      for (let i = 0; i < count; i++) {
        const [took = Number.NaN, done = Number.NaN] = [latency?.[i], time[i]];
        if (Number.isNaN(took)) continue;
        const stalls = samples.filter(
          ({ stallNs: [from, to] }) =>
            done >= from - readyNs - CLOCK_NS && done - took <= to - readyNs + CLOCK_NS,
        );
        (stalls.length > 0 ? within : without).push(took);
        for (const stall of stalls) met.add(stall);
      }
    },
  });
  decoder.push(readFileSync(at("map/faults.bin")));
  return { within, without, stalls: met.size };
}

const most = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.max(a, b), 0);

test("the faults that were under way in a clearing are left out of latency, these and no others", async (t) => {
  const { within, without, stalls } = sorted();
  assert.ok(within.length > 0, "a program that only faults faults in a clearing too");
  const [all, less] = [await summaryOf(), await summaryOf("--except", at("wss"))];
  assert.deepEqual(less.excepted, { faults: within.length, stalls, ofStalls: 10 });
  const figures = ({ latency, faults, minor }: MapSummaryRecord) => [
    latency?.minor.count,
    latency?.minor.maxNs,
    faults,
    minor,
  ];
  assert.deepEqual(figures(all), [
    within.length + without.length,
    most([...within, ...without]),
    all.faults,
    all.minor,
  ]);
  assert.deepEqual(figures(less), [without.length, most(without), all.faults, all.minor]);
  assert.equal(all.excepted, undefined);
  t.diagnostic(`the longest: ${most(within)} ns within, ${most(without)} ns without`);
});

test("the table and the page say what was left out", async () => {
  const { within, stalls } = sorted();
  const { stdout } = await tool("report", at("map"), "--except", at("wss"), "--html", at("page.html"));
  const told = stdout.replaceAll("\n", " ");
  assert.ok(
    told.includes(
      `left out: ${within.length.toLocaleString("en")} faults, under way in ${stalls} of 10 moments in which wss marked its pages`,
    ),
    stdout,
  );
  assert.match(readFileSync(at("page.html"), "utf8"), /<dt>Left out of latency<\/dt>/);
});

test("what does not belong together is refused in one line, with 2", async () => {
  const refusal = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await tool("report", ...args);
    assert.deepEqual([exitCode, stdout], [2, ""]);
    assert.match(stderr, /^report: [^\n]+$/);
    return stderr;
  };
  const except = (dir: string): string[] => ["--except", at(dir)];
  assert.match(await refusal(at("map"), ...except("map")), /'[^']*map' is no recording of wss$/);
  assert.match(await refusal(at("wss"), ...except("wss")), /only pgfaultmap -l records when each fault was/);
  await mapSection("walks", ["seq", "101"], "-o", at("no latencies"));
  assert.match(
    await refusal(at("no latencies"), ...except("wss")),
    /has no latencies: make it with pgfaultmap -l$/,
  );
  await mapSection("walks", ["seq", "101"], "-l", "-o", at("later"));
  assert.match(await refusal(at("later"), ...except("wss")), /\(pid \d+\) was not taken at the same time$/);
});
