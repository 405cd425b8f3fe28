import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { before, type TestContext, test } from "node:test";
import { capability } from "../../lib/kernel/capabilities.ts";
import type { RegionRecord } from "../../lib/metric/map-record.ts";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { attachPages } from "../../lib/source/bpftrace/pages/attach.ts";
import { attachRecorder } from "../../lib/source/faultrec/attach.ts";
import { RECORDERS } from "../../lib/source/recorders.ts";
import type { Scope } from "../../lib/source/source.ts";
import type { FaultEvent } from "../../lib/source/stream/event.ts";
import type { FaultSink } from "../../lib/source/stream/recorder.ts";
import { perfIsMissing } from "../helpers-c/perf.ts";
import { make, start, writable } from "../helpers-c/programs.ts";
import { CannotRun } from "../helpers-c/section.ts";
import { missing } from "./held.ts";
import { type Mapped, mapCommand, mapSection, recordsOf, startMap, sum } from "./map.ts";

const N = "1009";

let noPerf: string | null;
let noBpftrace: string | null;
before(async () => {
  await make();
  noPerf = await perfIsMissing();
  noBpftrace = await bpftraceIsMissing();
});

/** bpftrace by page needs that it attaches software events, which few kernels refuse. */
async function bpftraceIsMissing(): Promise<string | null> {
  const { status, detail } = await capability("software-events");
  return (await missing("bpftrace")) ?? (status === "ok" ? null : `kernel: ${detail}`);
}

/** The region that the program walked, without what differs from one process to the next. */
function walked({ regions, said }: Mapped): Partial<RegionRecord> | undefined {
  const [start, end] = [Number(said.start), Number(said.end)];
  const found = regions.filter((region) => Number(region.start) < end && Number(region.end) > start);
  assert.ok(found.length <= 1, "more than one region where it walked");
  const [region] = found;
  if (region === undefined) return undefined;
  const { kind, minor, major, pages, refaults, pattern, order, stride } = region;
  return { kind, minor, major, pages, refaults, pattern, order, stride };
}

/** By each recorder, in the order of RECORDERS. */
async function mapByAll(t: TestContext, args: string[]): Promise<Mapped[] | null> {
  const reason = noPerf ?? noBpftrace;
  if (reason !== null) {
    t.skip(reason);
    return null;
  }
  try {
    const all: Mapped[] = [];
    for (const via of RECORDERS) all.push(await mapSection("walks", args, "--via", via));
    return all;
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    t.skip(`kernel: ${error.message}`);
    return null;
  }
}

/** The books of a section: nothing is missing, nothing unexplained. */
function assertBalanced({ summary, regions, heat }: Mapped): void {
  const { faults, edge, unexplained, lost, failed, untraced, kernelMinor, kernelMajor } = summary;
  assert.deepEqual({ edge, unexplained, lost, failed }, { edge: 0, unexplained: 0, lost: 0, failed: 0 });
  assert.equal(faults + Number(untraced), Number(kernelMinor) + Number(kernelMajor));
  assert.equal(sum(regions), faults);
  assert.equal(
    heat.cells.reduce((total, [, , minor, major]) => total + minor + major, 0),
    faults,
  );
}

for (const args of [
  ["seq", N],
  ["reverse", N],
  ["random", N],
  ["-s", "16", "stride", N],
  ["threads", N],
  ["zero", N],
  ["memfd", N],
  ["cow", N],
  ["-p", "5", "thrash-random", N],
]) {
  test(`walks ${args.join(" ")}: all recorders tell the same region, and what the program knows of itself`, async (t) => {
    const all = await mapByAll(t, args);
    if (all === null) return;
    const [byFaultrec, byPerf, byPage] = all.map(walked);
    assert.deepEqual(byPerf, byFaultrec);
    assert.deepEqual(byPage, { ...byFaultrec, pattern: null, order: null, stride: null });
    for (const each of all) assertBalanced(each);
    const [{ said }] = all as [Mapped];
    assert.deepEqual(
      [byFaultrec?.minor, byFaultrec?.major, byFaultrec?.pages, byFaultrec?.refaults, byFaultrec?.pattern],
      [said.minor, said.major, said.pages, said.refaults, said.pattern],
    );
  });
}

for (const args of [
  ["seq", N],
  ["reverse", N],
  ["random", N],
  ["chase", N],
  ["interleaved", N],
  ["fill", N],
  ["thrash", N],
  ["-s", "16", "stride", N],
  ["-t", "7", "threads", N],
  ["zero", N],
  ["memfd", N],
  ["cow", N],
]) {
  test(`walks ${args.join(" ")}: --light tells what the full recording does, in its order`, async () => {
    const [full, light] = [await mapSection("walks", args), await mapSection("walks", args, "--light")];
    assert.deepEqual(walked(light), walked(full));
    assert.equal(walked(light)?.pattern, light.said.pattern);
    assert.deepEqual(light.functions, []);
    assertBalanced(light);
  });
}

test("--light: a file that is read, random and in order", async () => {
  const directory = mkdtempSync(`${ROOT}/build/map-`);
  try {
    for (const mode of ["file-seq", "file-random"]) {
      const light = await mapSection("walks", ["-f", `${directory}/file`, mode, "8209"], "--light");
      const { pattern, minor, major } = light.said;
      const region = walked(light);
      assert.deepEqual([region?.pattern, region?.minor, region?.major], [pattern, minor, major]);
      assertBalanced(light);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("--light: a held python3 whose threads map and fault at once: every fault has a region, and the books balance", async (t) => {
  const python = await missing("/usr/bin/python3");
  if (python) return t.skip(python);
  const { regions, summary } = await mapCommand(["/usr/bin/python3", "-c", MAPPING_THREADS], "--light");
  const { faults, untraced, kernelMinor, kernelMajor, edge, unexplained, lost } = summary;
  assert.deepEqual({ edge, unexplained, lost }, { edge: 0, unexplained: 0, lost: 0 });
  assert.equal(faults + Number(untraced), Number(kernelMinor) + Number(kernelMajor));
  assert.equal(sum(regions), faults);
  const placed = regions.filter(({ kind }) => kind !== "unmapped");
  assert.ok(placed.some(({ kind, pages }) => kind === "shmem" && pages >= 101));
  assert.ok(sum(placed) >= 4 * 50 * 101);
});

test("a file that is read, which fault-around maps in pieces: all recorders tell as many faults as pages", async (t) => {
  const directory = mkdtempSync(`${ROOT}/build/map-`);
  try {
    const all = await mapByAll(t, ["-f", `${directory}/file`, "file-random", "2003"]);
    if (all === null) return;
    for (const each of all) {
      assertBalanced(each);
      const region = walked(each);
      const { minor, major } = each.said;
      assert.deepEqual([region?.kind, region?.minor, region?.major], ["file", minor, major]);
      assert.equal(region?.pages, Number(minor) + Number(major));
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("by bpftrace: what counts by page do not tell is null, and the start says why", async (t) => {
  if (noBpftrace !== null) return t.skip(noBpftrace);
  const tool = await startMap(["--via", "bpftrace", "--", workloadPath("walks"), "seq", N]);
  const records = await recordsOf(tool);
  const head = records.find((record) => record.type === "start");
  assert.deepEqual(head?.source, "bpftrace");
  assert.deepEqual(head?.degraded.slice(0, 2), [
    "bpftrace counts by page: the order of faults, and so their pattern, is not known",
    "bpftrace counts by page: which functions fault is not known",
  ]);
  for (const record of records) {
    assert.notEqual(record.type, "function");
    if (record.type !== "region") continue;
    const { steps, fitting, up, streams, refaultDistance } = record.evidence;
    assert.deepEqual(
      [record.pattern, record.order, record.stride, record.confidence, record.phases],
      [null, null, null, 0, []],
    );
    assert.deepEqual([steps, fitting, up, streams, refaultDistance], [null, null, null, null, null]);
  }
});

/** Four threads that map, pass the mapping on to another, which writes it, and let go of it. */
const MAPPING_THREADS = `
import mmap, queue, threading
q = queue.Queue(2)
def make():
    for _ in range(100): q.put(mmap.mmap(-1, 101 * 4096))
def fill():
    for _ in range(100):
        m = q.get()
        for page in range(101): m[4096 * page] = 1
        m.close()
all = [threading.Thread(target=t) for t in (make, fill, make, fill)]
for t in all: t.start()
for t in all: t.join()
`;

const TURN_SECONDS = 1;

/** Writes a shared mapping in four parts, each much longer after the one before than a step is. */
const TURNS = `
import mmap, time
m = mmap.mmap(-1, 4 * 307 * 4096)
for part in range(4):
    time.sleep(${TURN_SECONDS})
    for page in range(307 * part, 307 * (part + 1)): m[4096 * page] = 1
`;

test("by bpftrace: what is done one after the other is in bins one after the other", async (t) => {
  if (noBpftrace !== null) return t.skip(noBpftrace);
  const python = await missing("/usr/bin/python3");
  if (python) return t.skip(python);
  const argv = ["/usr/bin/python3", "-c", TURNS];
  const { regions, heat } = await mapCommand(argv, "--via", "bpftrace");
  const shared = regions.find(({ pages }) => pages === 4 * 307);
  assert.ok(shared, "the mapping whose quarters are written one after the other");
  const [start, end] = [Number(shared.start), Number(shared.end)];
  const bins = new Map<number, number>();
  for (const [address, bin, minor] of heat.cells)
    if (Number(address) >= start && Number(address) < end) bins.set(bin, (bins.get(bin) ?? 0) + minor);
  assert.equal(heat.binSeconds, 0.1);
  // a quarter is in several bins where a step ends in the middle of it, or its writer had to wait
  const quarters: { last: number; count: number }[] = [];
  for (const [bin, count] of [...bins].toSorted(([a], [b]) => a - b)) {
    const quarter = quarters.at(-1);
    if (quarter !== undefined && (bin - quarter.last) * heat.binSeconds < TURN_SECONDS / 2)
      Object.assign(quarter, { last: bin, count: quarter.count + count });
    else quarters.push({ last: bin, count });
  }
  assert.deepEqual(
    quarters.map(({ count }) => count),
    [307, 307, 307, 307],
  );
});

for (const via of ["perf", "bpftrace"]) {
  test(`a held python3 by ${via}: every fault has a region, and the books balance exactly`, async (t) => {
    const reason = (via === "perf" ? noPerf : noBpftrace) ?? (await missing("/usr/bin/python3"));
    if (reason) return t.skip(reason);
    // it stays for a while after its faults: what it maps can be looked at
    const argv = [
      "/usr/bin/python3",
      "-c",
      "import time; x = [bytearray(4096) for _ in range(5003)]; time.sleep(4)",
    ];
    const { regions, summary } = await mapCommand(argv, "--via", via);
    const { faults, untraced, kernelMinor, kernelMajor, edge, unexplained, lost } = summary;
    assert.deepEqual({ edge, unexplained, lost }, { edge: 0, unexplained: 0, lost: 0 });
    assert.equal(faults + Number(untraced), Number(kernelMinor) + Number(kernelMajor));
    assert.equal(
      regions.reduce((sum, { minor, major }) => sum + minor + major, 0),
      faults,
    );
    assert.ok(regions.some(({ kind, pages }) => kind !== "unmapped" && pages >= 5003));
  });
}

test("a recorder that does not attach tells nothing: the next may use the same sink", async () => {
  const events: FaultEvent[] = [];
  const sink: FaultSink = { faults: () => undefined, event: (event) => events.push(event) };
  const scope: Scope = { kind: "pids", pids: [2 ** 22], follow: false };
  await assert.rejects(attachRecorder({ scope }, sink), { exitStatus: 3 }); // no number of a process
  assert.deepEqual(events, []);
});

test("by bpftrace with -f: a child is told by its own name, and the faults of both programs are apart", async (t) => {
  if (noBpftrace !== null) return t.skip(noBpftrace);
  const python = await missing("/usr/bin/python3");
  if (python) return t.skip(python);
  const child = "import time; x = bytearray(1009 * 4096); time.sleep(4)";
  const script = `/usr/bin/python3 -c '${child}' & wait; exit 0`;
  const tool = await startMap(["--via", "bpftrace", "-f", "--", "sh", "-c", script]);
  const records = await recordsOf(tool);
  const summaries = records.filter((record) => record.type === "summary");
  assert.deepEqual(summaries.map(({ comm }) => comm).toSorted(), ["python3", "sh"]);
  assert.deepEqual(
    summaries.map(({ lost }) => lost),
    [0, 0],
  );
  const { pid } = summaries.find(({ comm }) => comm === "python3") as { pid: number };
  const regions = records.filter((r): r is RegionRecord => r.type === "region" && r.pid === pid);
  assert.ok(regions.some(({ kind, pages }) => kind !== "unmapped" && pages >= 1009));
  const names = new Set(regions.map(({ name }) => name));
  assert.ok(
    [...names].some((name) => name.startsWith("python3")),
    [...names].join(),
  );
  assert.ok(
    [...names].some((name) => /^(da)?sh$/.test(name)),
    "before its exec it was a copy of the shell",
  );
});

test("by bpftrace: several processes at once, each with its own counts", async (t) => {
  if (noBpftrace !== null) return t.skip(noBpftrace);
  const sizes = [1009, 701, 503];
  const programs = sizes.map((n) => start(workloadPath("walks"), ["-w", "seq", String(n)]));
  try {
    for (const program of programs) await program.line();
    const tool = await startMap(["--via", "bpftrace", "-p", programs.map(({ pid }) => pid).join()]);
    for (const program of programs) writable(program, 0).write("x");
    for (const program of programs) await program.line();
    tool.process.kill("SIGINT");
    const records = await recordsOf(tool);
    for (const [i, { pid }] of programs.entries()) {
      const region = records.find((r): r is RegionRecord => r.type === "region" && r.pid === pid);
      assert.deepEqual([region?.minor, region?.pages], [sizes[i], sizes[i]]);
    }
  } finally {
    for (const program of programs) program.process.kill("SIGKILL");
  }
});

test("by bpftrace: maps too small for the pages lose faults, and every one of them is counted", async (t) => {
  if (noBpftrace !== null) return t.skip(noBpftrace);
  const program = start(workloadPath("walks"), ["-w", "seq", "20011"]);
  try {
    await program.line();
    let [told, ended] = [0, null as FaultEvent | null];
    const scope: Scope = { kind: "pids", pids: [program.pid], follow: false };
    const sink: FaultSink = {
      faults: ({ count, repeats }) => {
        for (let i = 0; i < count; i++) told += repeats?.[i] ?? 0;
      },
      event: (event) => {
        if (event.type === "end") ended = event;
      },
    };
    const recorder = await attachPages({ scope }, sink, 1024);
    writable(program, 0).write("x");
    await program.line();
    await recorder.stop();
    assert.ok(ended !== null);
    const { minor } = ended as Extract<FaultEvent, { type: "end" }>;
    assert.deepEqual([minor.counted, minor.told, minor.told + minor.lost], [20011, told, 20011]);
    assert.ok(minor.lost > 0, "1024 keys hold no 20011 pages of one moment");
  } finally {
    program.process.kill("SIGKILL");
  }
});
