import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { before, type TestContext, test } from "node:test";
import Papa from "papaparse";
import { REGION_COLUMNS } from "../../lib/fault/map/csv.ts";
import type { RegionRecord } from "../../lib/metric/map-record.ts";
import { ROOT } from "../../lib/paths.ts";
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
    assert.deepEqual(Object.keys(data[0] ?? {}), [...REGION_COLUMNS]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
