import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { after, before, type TestContext, test } from "node:test";
import { RegionPattern } from "../../lib/fault/pattern/region-pattern.ts";
import type { PatternVerdict } from "../../lib/fault/pattern/verdict.ts";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { parseCgroupMounts } from "../../lib/procfs/cgroup.ts";
import { perfIsMissing } from "../helpers-c/perf.ts";
import { make, start } from "../helpers-c/programs.ts";
import { CannotRun } from "../helpers-c/section.ts";
import { swapDevices } from "../helpers-c/swap.ts";
import { type RecordedFault, type RecordedWalk, recordWalk } from "./recorded.ts";

const PAGE = 4096;
/** fault_around_bytes: 64 KiB (mm/memory.c). */
const FAULT_AROUND = 16;

let noPerf: string | null;
const directory = mkdtempSync(`${ROOT}/build/walks-`);
before(async () => {
  await make("walks");
  noPerf = await perfIsMissing();
});
after(() => rmSync(directory, { recursive: true }));

/** The walk, or a skip where this machine cannot have it. */
async function record(t: TestContext, ...args: string[]): Promise<RecordedWalk | null> {
  if (noPerf) {
    t.skip(noPerf);
    return null;
  }
  try {
    return await recordWalk(args, `${directory}/perf.data`);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    t.skip(`needs: ${error.message}`);
    return null;
  }
}

function faultsIn(faults: readonly RecordedFault[], start: number, pages: number): RecordedFault[] {
  return faults.filter(({ address }) => address >= start && address < start + pages * PAGE);
}

function verdictOf(faults: readonly RecordedFault[], start: number, pages: number, mapped = 1, around = 1) {
  const region = new RegionPattern();
  for (const { address, tid, major } of faults)
    region.fault(Math.floor((address - start) / PAGE), tid, major, mapped);
  return region.verdict(pages, around);
}

/** Every figure that the program knows of itself against the verdict on what perf recorded. */
function compare(
  said: Record<string, unknown>,
  faults: readonly RecordedFault[],
  verdict: PatternVerdict,
): void {
  const major = faults.filter((fault) => fault.major).length;
  const { pattern, order, stride, pages, refaults } = verdict;
  assert.deepEqual(
    { pattern, order, stride, pages, refaults, minor: faults.length - major, major },
    {
      pattern: said.pattern,
      order: said.order,
      stride: said.stride,
      pages: said.pages,
      refaults: said.refaults,
      minor: said.minor,
      major: said.major,
    },
    JSON.stringify(verdict),
  );
}

function checkWalk({ said, faults }: RecordedWalk, around = 1): PatternVerdict {
  const start = Number(said.start);
  const pages = (Number(said.end) - start) / PAGE;
  const inside = faultsIn(faults, start, pages);
  const verdict = verdictOf(inside, start, pages, Number(said.mapped), around);
  compare(said, inside, verdict);
  return verdict;
}

const modes: string[][] = [
  ["seq", "1009"],
  ["seq", "64"],
  ["reverse", "1009"],
  ["random", "1009"],
  ["zipf", "1009"],
  ["chase", "1009"],
  ["interleaved", "1009"],
  ["fill", "1009"],
  ["thrash", "1009"],
  ["thrash-random", "1009"],
  ["-p", "7", "thrash", "211"],
  ["stack", "1009"],
  ["cow", "1009"],
  ["zero", "1009"],
  ["memfd", "1009"],
  ["jit", "1009"],
  ["sparse", "1009"],
  ["thp", "23"],
  ...["2", "7", "64", "512", "4096"].map((stride) => ["-s", stride, "stride", "211"]),
];

for (const args of modes) {
  test(`walks ${args.join(" ")}: pattern, stride, pages and refaults are what it says`, async (t) => {
    const walk = await record(t, ...args);
    if (walk === null) return;
    const { evidence, confidence } = checkWalk(walk);
    if (args.includes("interleaved")) assert.equal(evidence.streams, walk.said.streams);
    assert.ok(confidence > 0.5, `${confidence}`);
  });
}

for (const threads of ["2", "7", "31"]) {
  test(`walks threads: ${threads} threads are as many sequential streams`, async (t) => {
    const walk = await record(t, "-t", threads, "threads", "2011");
    if (walk) assert.equal(checkWalk(walk).evidence.streams, walk.said.streams);
  });
}

for (const mode of ["file-seq", "file-random"]) {
  test(`walks ${mode}: what is mapped around a fault does not fool it`, async (t) => {
    const walk = await record(t, "-f", `${directory}/file`, mode, "8209");
    if (walk) checkWalk(walk, FAULT_AROUND);
  });
}

test("walks mremap: a mapping that moves is two regions, each walked in order", async (t) => {
  const walk = await record(t, "mremap", "1009");
  if (walk === null) return;
  const [before, now] = [walk.said.old, walk.said.start].map((start) => {
    const inside = faultsIn(walk.faults, Number(start), 1009);
    return verdictOf(inside, Number(start), 1009);
  });
  assert.deepEqual([before?.pattern, before?.pages, before?.refaults], ["sequential", 504, 0]);
  assert.deepEqual([now?.pattern, now?.pages, now?.refaults], ["sequential", 505, 0]);
});

test("walks vanish: two mappings at one address have no refaults where they are told apart", async (t) => {
  const walk = await record(t, "vanish", "1009");
  if (walk === null) return;
  const start = Number(walk.said.start);
  const inside = faultsIn(walk.faults, start, 1009);
  assert.equal(inside.length, walk.said.pages);
  for (const part of [inside.slice(0, 504), inside.slice(504)]) {
    const { pattern, pages, refaults } = verdictOf(part, start, 1009);
    assert.deepEqual([pattern, pages, refaults], ["sequential", part.length, 0]);
  }
});

for (const mode of ["thrash", "thrash-random"]) {
  test(`walks -g ${mode}: pages beyond a cgroup's limit come back from swap, again and again`, async (t) => {
    try {
      await swapDevices.zram?.(t);
    } catch {
      return t.skip("needs: a zram device to swap to");
    }
    const group = limitedCgroup(t, 8 << 20);
    if (group === null) return t.skip("needs: a memory cgroup with a limit");
    const walk = await record(t, "-g", group, "-p", "5", mode, "4099");
    if (walk === null) return;
    assert.ok(Number(walk.said.major) > 1000, `${walk.said.major} major faults`);
    checkWalk(walk);
  });
}

test("walks refuses a mode that it does not know, and a file mode without a file, with 2", async () => {
  const mode = await start(workloadPath("walks"), ["sqe", "1009"]).end;
  assert.deepEqual(mode, { code: 2, signal: null, stderr: "walks: no such mode: 'sqe'\n" });
  const file = await start(workloadPath("walks"), ["file-seq", "1009"]).end;
  assert.deepEqual(file, { code: 2, signal: null, stderr: "walks: file-seq needs -f FILE\n" });
});

/** A new memory cgroup, v1 or v2, of so many bytes; null where none can be made. */
function limitedCgroup(t: TestContext, bytes: number): string | null {
  for (const { version, directory: mount } of parseCgroupMounts(readFileSync("/proc/self/mounts", "utf8"))) {
    if (version === 1 && !mount.endsWith("/memory")) continue;
    const group = `${mount}/walks-${process.pid}`;
    try {
      mkdirSync(group);
    } catch {
      continue; // read-only, or not ours
    }
    t.after(() => rmdirSync(group));
    const limit = ["memory.limit_in_bytes", "memory.max"].map((name) => `${group}/${name}`).find(existsSync);
    if (limit === undefined) continue;
    writeFileSync(limit, String(bytes));
    return group;
  }
  return null;
}
