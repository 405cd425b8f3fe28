import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { before, test } from "node:test";
import type { MapRecord, MapSummaryRecord, RegionRecord } from "../../lib/metric/map-record.ts";
import { workloadPath } from "../../lib/paths.ts";
import { make, type Program, rest, start, writable } from "../helpers-c/programs.ts";
import { field } from "../helpers-c/section.ts";
import { cgroup1, cgroup2, makeCgroup } from "./cgroups.ts";
import { recordsOf, startMap } from "./map.ts";

before(() => make());

const N = 1009;
const WALKS: string[][] = [
  ["seq", String(N)],
  ["reverse", "701"],
  ["-s", "16", "stride", "503"],
];

interface Walk {
  program: Program;
  pid: number;
}

async function startWalk(args: readonly string[]): Promise<Walk> {
  const program = start(workloadPath("walks"), ["-w", ...args]);
  const ready = await program.line();
  if (ready === null) throw new Error((await program.end).stderr);
  return { program, pid: Number(field(JSON.parse(ready), "pid")) };
}

const go = ({ program }: Walk): boolean => writable(program, 0).write("x");

/** What a walk took, and what it says of itself; asserts that the two are the same. */
async function assertWalked(records: readonly MapRecord[], { program, pid }: Walk): Promise<void> {
  go({ program, pid });
  const [text] = await rest(program);
  const said: Record<string, unknown> = JSON.parse(text ?? "null");
  const region = records.find(
    (r): r is RegionRecord =>
      r.type === "region" &&
      r.pid === pid &&
      Number(r.start) < Number(said.end) &&
      Number(r.end) > Number(said.start),
  );
  assert.ok(region, `no region of ${JSON.stringify(said)}`);
  assert.deepEqual(
    [region.minor, region.pages, region.pattern, region.stride ?? 0],
    [said.minor, said.pages, said.pattern, said.pattern === "strided" ? said.stride : 0],
  );
  const { comm, edge, unexplained, lost, kernelMinor, minor, untraced } = summaryOf(records, pid);
  assert.deepEqual({ comm, edge, unexplained, lost }, { comm: "walks", edge: 0, unexplained: 0, lost: 0 });
  assert.equal(Number(kernelMinor), minor + Number(untraced));
}

function summaryOf(records: readonly MapRecord[], pid: number): MapSummaryRecord {
  const [summary, ...more] = records.filter(
    (r): r is MapSummaryRecord => r.type === "summary" && r.pid === pid,
  );
  assert.ok(summary, `no summary of process ${pid}`);
  assert.deepEqual(more, []);
  return summary;
}

/** Runs walks at once between idle edges, `whom` being recorded; `meanwhile` before they go. */
async function recordWalks(
  walks: readonly Walk[],
  whom: string[],
  meanwhile: () => void = () => undefined,
): Promise<MapRecord[]> {
  const tool = await startMap(whom);
  meanwhile();
  for (const walk of walks) go(walk);
  for (const { program } of walks) await program.line();
  tool.process.kill("SIGINT");
  return recordsOf(tool);
}

const end = (walks: readonly Walk[]): void => {
  for (const { program } of walks) program.process.kill("SIGKILL");
};

for (const via of ["faultrec", "perf"]) {
  test(`-a --via ${via}: several walks at once, each with its exact counts and pattern; not ourselves`, async () => {
    const walks: Walk[] = [];
    try {
      for (const args of WALKS) walks.push(await startWalk(args));
      const tool = await startMap(["-a", "--via", via]);
      for (const walk of walks) go(walk);
      for (const { program } of walks) await program.line();
      tool.process.kill("SIGINT");
      const records = await recordsOf(tool);
      for (const walk of walks) await assertWalked(records, walk);
      assert.ok(!records.some((r) => r.type === "summary" && r.pid === tool.pid));
      const faults = records.flatMap((r) => (r.type === "summary" ? r.faults : []));
      assert.deepEqual(
        faults,
        faults.toSorted((a, b) => b - a),
        "busiest first",
      );
    } finally {
      end(walks);
    }
  });
}

test("-a: processes that live for a moment have their name, their mappings, and books that say what is unknown", async () => {
  const tool = await startMap(["-a"]);
  const pids: number[] = [];
  for (let i = 0; i < 20; i++) {
    const program = start("/bin/true", []);
    pids.push(program.pid);
    await program.end;
  }
  tool.process.kill("SIGINT");
  const records = await recordsOf(tool);
  for (const pid of pids) {
    const { comm, faults, kernelMinor, lost } = summaryOf(records, pid);
    assert.deepEqual({ comm, kernelMinor, lost }, { comm: "true", kernelMinor: null, lost: 0 });
    const regions = records.filter((r): r is RegionRecord => r.type === "region" && r.pid === pid);
    assert.equal(
      regions.reduce((sum, { minor, major }) => sum + minor + major, 0),
      faults,
    );
    const known = regions.filter(({ kind }) => kind !== "unmapped");
    assert.ok(known.some(({ name }) => name === "true" || name === "coreutils"));
    assert.ok(known.some(({ name }) => /^libc[.-]/.test(name)));
  }
});

/** Walks in a cgroup, below it, and outside. */
async function inCgroup(directory: string, use: (inside: Walk[], outside: Walk) => Promise<void>) {
  const walks: Walk[] = [];
  try {
    for (const [i, args] of WALKS.entries()) {
      const walk = await startWalk(args);
      walks.push(walk);
      const where = [directory, `${directory}/below`][i];
      if (where !== undefined) writeFileSync(`${where}/cgroup.procs`, String(walk.pid));
    }
    await use(walks.slice(0, 2), walks[2] as Walk);
  } finally {
    end(walks);
    for (const { program } of walks) await program.end;
  }
}

const toldIn = (records: readonly MapRecord[]): number[] =>
  records.flatMap((r) => (r.type === "summary" ? r.pid : [])).sort((a, b) => a - b);

test("-g with a cgroup v2: its processes and those below it exactly, nobody else, and who is moved in later", async (t) => {
  let parent: string;
  try {
    parent = await cgroup2(t);
  } catch (error) {
    return t.skip(`kernel: no cgroup v2: ${error instanceof Error ? error.message : error}`);
  }
  const directory = await makeCgroup(t, parent);
  await inCgroup(directory, async (inside, outside) => {
    const later = await startWalk(["seq", "211"]);
    try {
      const all = [...inside, outside, later];
      const records = await recordWalks(all, ["-g", directory], () =>
        writeFileSync(`${directory}/cgroup.procs`, String(later.pid)),
      );
      const start = records[0];
      assert.ok(start?.type === "start");
      if (start.degraded.some((text) => /moved into it later/.test(text)))
        return t.skip("kernel: no perf events by cgroup: its members are followed instead");
      assert.deepEqual(
        toldIn(records),
        [...inside, later].map(({ pid }) => pid).sort((a, b) => a - b),
      );
      for (const walk of [...inside, later]) await assertWalked(records, walk);
    } finally {
      end([later]);
      await later.program.end;
    }
  });
});

test("-g with a cgroup v1: its processes and those below it exactly, and nobody else", async (t) => {
  const parent = cgroup1();
  if (parent === null) return t.skip("kernel: no cgroup v1 memory controller");
  const directory = await makeCgroup(t, parent);
  await inCgroup(directory, async (inside, outside) => {
    const records = await recordWalks([...inside, outside], ["-g", directory]);
    assert.deepEqual(
      toldIn(records),
      inside.map(({ pid }) => pid).sort((a, b) => a - b),
    );
    for (const walk of inside) await assertWalked(records, walk);
    const start = records[0];
    assert.ok(start?.type === "start" && start.degraded.some((text) => /moved into it later/.test(text)));
  });
});

test("4,000 children that come and go: every fault is told, one by one or among the others", async () => {
  const tool = start("node", [
    ...["--import", "tsx", "scripts/pgfaultmap.ts", "-j", "-f"],
    ...["--", workloadPath("forks"), "-j", "4", "4000", "3"],
  ]);
  const records = await recordsOf(tool);
  const summaries = records.filter((r): r is MapSummaryRecord => r.type === "summary");
  const others = records.find((r) => r.type === "others");
  assert.ok(others?.type === "others");
  assert.equal(summaries.length + others.processes, 4002, "the parent, and a child for rehearsal");
  assert.ok(others.processes >= 250, "those that went are told together as soon as there are 1,250");
  const { children, touched } = JSON.parse((await tool.end).stderr.split("\n")[0] ?? "") as Record<
    string,
    number
  >;
  assert.deepEqual([children, touched], [4000, 12_000]);
  const [parent, ...born] = summaries.toSorted((a, b) => b.faults - a.faults);
  assert.ok(parent && parent.faults > Math.max(...born.map(({ faults }) => faults)));
  // each child takes its 3 touches, and the copies on write of its birth
  assert.ok(born.every(({ faults }) => faults >= 3));
  assert.ok(others.minor + others.major >= 3 * others.processes);
  assert.ok(summaries.every(({ lost }) => lost === 0));
});
