import assert from "node:assert/strict";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { before, type TestContext, test } from "node:test";
import { execa } from "execa";
import Papa from "papaparse";
import { REGION_COLUMNS } from "../../lib/fault/map/csv.ts";
import { hasTracepoint } from "../../lib/kernel/tracefs.ts";
import type { RegionRecord } from "../../lib/metric/map-record.ts";
import type { FaultRecord } from "../../lib/metric/record.ts";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { make } from "../helpers-c/programs.ts";
import { CannotRun } from "../helpers-c/section.ts";
import { missing } from "./held.ts";
import { type Mapped, mapCommand, mapSection } from "./map.ts";

const N = "1009";

before(() => make());

const faultsOf = (regions: readonly RegionRecord[]): number =>
  regions.reduce((sum, r) => sum + r.minor + r.major, 0);

/** Whatever a program does: no fault is lost, none is in two regions, all are in the picture, and the books balance. */
function assertComplete({ regions, heat, summary }: Omit<Mapped, "said">): void {
  assert.equal(faultsOf(regions), summary.faults);
  assert.equal(
    heat.cells.reduce((sum, [, , minor, major]) => sum + minor + major, 0),
    summary.faults,
  );
  const { edge, unexplained, lost, untraced } = summary;
  assert.deepEqual({ edge, unexplained, lost }, { edge: 0, unexplained: 0, lost: 0 });
  assert.equal(summary.faults + Number(untraced), Number(summary.kernelMinor) + Number(summary.kernelMajor));
}

/** The region that the program says it walked. */
function walked({ regions, said }: Mapped): RegionRecord {
  const [start, end] = [Number(said.start), Number(said.end)];
  const found = regions.filter((region) => Number(region.start) < end && Number(region.end) > start);
  const [region, ...others] = found;
  assert.ok(region, "no region where it walked");
  assert.deepEqual(others, [], "more than one region where it walked");
  return region;
}

async function mapWalk(t: TestContext, args: string[], ...options: string[]): Promise<Mapped | null> {
  try {
    return await mapSection("walks", args, ...options);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    t.skip(`kernel: ${error.message}`);
    return null;
  }
}

const WALKS: Record<string, string[]> = {
  "a walk upward": ["seq", N],
  "a walk downward": ["reverse", N],
  "strides of 2 pages": ["-s", "2", "stride", N],
  "strides of 16 pages": ["-s", "16", "stride", N],
  "strides of 4096 pages": ["-s", "4096", "stride", "211"],
  "random pages": ["random", N],
  "a chase of pointers": ["chase", N],
  "two walks in turns": ["interleaved", N],
  "two strides that fill each other's gaps": ["fill", N],
  "walks of four threads": ["threads", N],
  "the same pages again and again": ["-p", "5", "thrash", N],
  "the same pages again and again in no order": ["-p", "5", "thrash-random", N],
  "zero pages that are written later": ["zero", N],
  "a memfd": ["memfd", N],
  "code that is made and run": ["jit", N],
  "few pages far apart": ["sparse", N],
};

for (const [name, args] of Object.entries(WALKS)) {
  test(`${name}: region, counts and pattern are those that the program knows`, async (t) => {
    const mapped = await mapWalk(t, args);
    if (mapped === null) return;
    assertComplete(mapped);
    const { said } = mapped;
    const { minor, major, pages, refaults, pattern, order, stride } = walked(mapped);
    assert.deepEqual(
      { minor, major, pages, refaults, pattern, order, stride },
      {
        minor: said.minor,
        major: said.major,
        pages: said.pages,
        refaults: said.refaults,
        pattern: said.pattern,
        order: said.order,
        stride: said.stride,
      },
    );
  });
}

test("-P: a walk over huge pages is a walk, not strides of 512 pages", async (t) => {
  const mapped = await mapWalk(t, ["thp", "11"], "-P");
  if (mapped === null) return;
  assertComplete(mapped);
  const { minor, pattern, stride } = walked(mapped);
  assert.deepEqual([minor, pattern, stride], [mapped.said.minor, mapped.said.pattern, null]);
});

test("kinds: memfd is shmem, code that is made and run is jit, and the stack is the stack", async (t) => {
  for (const [args, kind] of [
    [["memfd", N], "shmem"],
    [["jit", N], "jit"],
    [["stack", N], "stack"],
    [["seq", N], "anon"],
  ] as const) {
    const mapped = await mapWalk(t, [...args]);
    if (mapped !== null) assert.equal(walked(mapped).kind, kind, args[0]);
  }
});

test("a file that is read in order: its name, its offset, and a walk that fault-around does not hide", async (t) => {
  const directory = mkdtempSync(`${ROOT}/build/map-`);
  try {
    const mapped = await mapWalk(t, ["-f", `${directory}/a file`, "file-seq", "2003"]);
    if (mapped === null) return;
    assertComplete(mapped);
    const region = walked(mapped);
    assert.deepEqual([region.kind, region.path, region.name], ["file", `${directory}/a file`, "a file"]);
    assert.deepEqual(
      [region.fileOffset, region.minor + region.major],
      [0, Number(mapped.said.minor) + Number(mapped.said.major)],
    );
    assert.ok(region.pattern === "sequential" || region.pattern === null, String(region.pattern));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a mapping that vanishes, and another in its place: no fault is lost", async (t) => {
  const mapped = await mapWalk(t, ["vanish", N]);
  if (mapped === null) return;
  assertComplete(mapped);
  const start = Number(mapped.said.start);
  const there = mapped.regions.filter(
    (region) => Number(region.start) <= start && Number(region.end) > start,
  );
  assert.equal(faultsOf(there), mapped.said.minor);
});

test("a mapping that moves: no fault is lost, and all are in regions", async (t) => {
  const mapped = await mapWalk(t, ["mremap", N]);
  if (mapped === null) return;
  assertComplete(mapped);
});

for (const [name, argv] of Object.entries({
  python3: ["/usr/bin/python3", "-c", "x = [bytearray(4096) for _ in range(5003)]"],
  node: ["node", "-e", "Buffer.alloc(32 << 20, 1)"],
  sqlite3: ["sqlite3", ":memory:", "create table t(x); insert into t values (randomblob(10000000));"],
  gcc: ["gcc", "--version"],
  // a JVM, where there is one: code made at run time, an archive mapped at another place, faults that it means to fail
  ...(existsSync("/usr/bin/java") ? { java: ["/usr/bin/java", "-version"] } : {}),
})) {
  test(`${name} from its first instruction: every fault has a region, the books balance exactly`, async (t) => {
    const reason = await missing(argv[0] ?? "");
    if (reason) return t.skip(reason);
    const mapped = await mapCommand(argv);
    assertComplete(mapped);
    const unmapped = mapped.regions.filter((region) => region.kind === "unmapped");
    assert.ok(faultsOf(unmapped) <= mapped.summary.faults / 100, `${faultsOf(unmapped)} in no known mapping`);
  });
}

test("redis-server from its first instruction to its end: a value of 64 MiB is one walk, upward", async (t) => {
  const reason = await missing("redis-server", "redis-cli");
  if (reason) return t.skip(reason);
  const directory = mkdtempSync(`${ROOT}/build/map-`);
  t.after(() => rmSync(directory, { recursive: true }));
  const socket = `${directory}/socket`;
  const ask = async (...command: string[]) =>
    (await execa("redis-cli", ["-s", socket, ...command], { reject: false })).stdout;
  const running = mapCommand([
    ...["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", directory],
  ]);
  for (let attempt = 0; (await ask("ping")) !== "PONG"; attempt++) {
    assert.ok(attempt < 200, "redis-server does not answer");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const pages = 16384;
  assert.equal(await ask("setrange", "value", String(pages * 4096 - 1), "x"), String(pages * 4096));
  await ask("shutdown", "nosave");
  const mapped = await running;
  assertComplete(mapped);
  const [busiest] = mapped.regions;
  assert.ok(busiest && busiest.kind === "anon" && busiest.pages >= pages, JSON.stringify(busiest));
  assert.deepEqual([busiest.pattern, busiest.order], ["sequential", "sequential"]);
  assert.match(mapped.summary.verdict, /Huge pages/);
});

test("--csv holds the regions of the JSON, quoted where a name needs it", async () => {
  const directory = mkdtempSync(`${ROOT}/build/map-`);
  try {
    const program = `${directory}/a, "b"`;
    copyFileSync("/bin/true", program);
    chmodSync(program, 0o755);
    const { regions } = await mapCommand([program], "--csv", `${directory}/regions.csv`);
    const { data } = Papa.parse<Record<string, string>>(readFileSync(`${directory}/regions.csv`, "utf8"), {
      header: true,
      skipEmptyLines: true,
    });
    const text = (value: unknown): string => (value === null ? "" : String(value));
    assert.deepEqual(
      data.map(({ name, start, minor, pattern }) => [name, start, minor, pattern]),
      regions.map(({ name, start, minor, pattern }) => [name, start, text(minor), text(pattern)]),
    );
    assert.ok(data.some(({ name }) => name === 'a, "b"'));
    assert.deepEqual(
      Object.keys(data[0] ?? {}),
      REGION_COLUMNS.map(({ name }) => name),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

const access = {
  skip: hasTracepoint("exceptions:page_fault_user")
    ? false
    : "kernel: no tracepoint exceptions:page_fault_user",
};

/** Nothing was lost: every fault of every region has its latency, and all are in the summary. */
function assertTimed({ regions, summary }: Omit<Mapped, "said">): void {
  for (const fault of ["minor", "major"] as const) {
    let [count, sumNs] = [0, 0];
    for (const { latency, ...region } of regions) {
      assert.ok(latency);
      const { p50Ns, p99Ns, maxNs, ...time } = latency[fault];
      assert.equal(time.count, region[fault]);
      if (time.count > 0) {
        assert.ok(0 < Number(p50Ns) && Number(p50Ns) <= Number(p99Ns) && Number(p99Ns) <= Number(maxNs));
        assert.ok(Number(maxNs) <= time.sumNs && time.sumNs <= Number(maxNs) * time.count);
      }
      count += time.count;
      sumNs += time.sumNs;
    }
    assert.deepEqual([summary.latency?.[fault].count, summary.latency?.[fault].sumNs], [count, sumNs]);
    assert.equal(count, summary[fault]);
  }
}

test("-l --types: a page written, forked and written again: as many writes as copies", access, async (t) => {
  const mapped = await mapWalk(t, ["cow", N], "-l", "--types");
  if (mapped === null) return;
  assertComplete(mapped);
  assertTimed(mapped);
  const n = Number(N);
  assert.deepEqual(walked(mapped).types, { read: 0, write: n, execute: 0, copyOnWrite: n, unknown: 0 });
  const [start, end] = [Number(mapped.said.start), Number(mapped.said.end)];
  const cells = mapped.heat.cells.filter(([address]) => Number(address) >= start && Number(address) < end);
  const sum = (at: 4 | 5): number => cells.reduce((total, cell) => total + Number(cell[at]), 0);
  assert.deepEqual([sum(4), sum(5)], [n, n]);
});

test("--types: a page read, then written: as many reads as pages", access, async (t) => {
  const mapped = await mapWalk(t, ["zero", N], "--types");
  if (mapped === null) return;
  assertComplete(mapped);
  const { types, minor, latency } = walked(mapped);
  const n = Number(N);
  assert.deepEqual(types, { read: n, write: 0, execute: 0, copyOnWrite: minor - n, unknown: 0 });
  assert.equal(latency, undefined);
});

test("-l: python3 from its first instruction: every fault has its latency", async (t) => {
  const reason = await missing("/usr/bin/python3");
  if (reason) return t.skip(reason);
  const mapped = await mapCommand(["/usr/bin/python3", "-c", "import json; x = bytearray(10_000_000)"], "-l");
  assertComplete(mapped);
  assertTimed(mapped);
  assert.equal(mapped.summary.types, undefined);
  assert.ok(mapped.heat.cells.every((cell) => cell.length === 4));
});

test("-l: the median is that of pgfaultstat, which measures through bpftrace, within a factor of four", async (t) => {
  const reason = await missing("bpftrace");
  if (reason) return t.skip(reason);
  const walk = [workloadPath("walk"), "20000", "3"];
  const mapped = await mapCommand(walk, "-l");
  const argv = ["--import", "tsx", `${ROOT}/scripts/pgfaultstat.ts`, "-j", "-l", "--", ...walk];
  const { stdout } = await execa("node", argv);
  const records = stdout.split("\n").map((line): FaultRecord => JSON.parse(line));
  const summary = records.find((record) => record.type === "summary");
  const [ours, theirs] = [mapped.summary.latency?.minor.p50Ns, summary?.latency?.minor.p50Ns].map(Number);
  assert.ok(ours && theirs && ours < 4 * theirs && theirs < 4 * ours, `${ours} and ${theirs} ns`);
});
