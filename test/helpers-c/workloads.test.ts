import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { before, test } from "node:test";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { perfIsMissing } from "./perf.ts";
import { make, start } from "./programs.ts";
import { field, measure } from "./section.ts";

let noPerf: string | null;
before(async () => {
  await make("walk", "callers", "roam", "threads", "forks", "demo");
  noPerf = await perfIsMissing();
});

test("walk takes one minor fault a page and round, and times it", async (t) => {
  if (noPerf) return t.skip(noPerf);
  const { traced, said } = await measure("walk", ["211", "7"]);
  assert.deepEqual(traced, { minor: 211 * 7, major: 0, entries: 211 * 7 });
  assert.equal(said.minor, 211 * 7);
  const [best, median] = [Number(said.bestNs), Number(said.medianNs)];
  assert.ok(best > 0 && best <= median, `best ${best} ns, median ${median} ns`);
});

test("callers takes one minor fault a page: its own, memcpy's and the kernel's", async (t) => {
  if (noPerf) return t.skip(noPerf);
  const { traced, said } = await measure("callers", ["307", "211", "103"]);
  assert.deepEqual(traced, { minor: 307 + 211 + 103, major: 0, entries: 307 + 211 + 103 });
  assert.equal(said.minor, 307 + 211 + 103);
});

test("roam takes one minor fault on each of its pages, however far apart", async (t) => {
  if (noPerf) return t.skip(noPerf);
  const { traced, said } = await measure("roam", ["3011", "257"]);
  assert.deepEqual(traced, { minor: 3011, major: 0, entries: 3011 });
  assert.equal(Number(said.end) - Number(said.start), 3011 * 257 * 4096);
});

test("threads that begin and end in the section take one minor fault a page, and none to begin", async (t) => {
  if (noPerf) return t.skip(noPerf);
  const { traced, kernel } = await measure("threads", ["13", "211"]);
  assert.deepEqual(traced, { minor: 13 * 211, major: 0, entries: 13 * 211 });
  assert.deepEqual(kernel, { minor: 13 * 211, major: 0 });
});

for (const jobs of ["1", "3"]) {
  test(`forks -j ${jobs}: its own faults and its children's are what perf counts with all who inherit`, async (t) => {
    if (noPerf) return t.skip(noPerf);
    const { traced, kernel, said } = await measure("forks", ["-j", jobs, "7", "211"]);
    assert.equal(traced.minor, said.minor);
    assert.equal(traced.major, said.major);
    assert.deepEqual(kernel, said.own);
    assert.equal(said.touched, 7 * 211);
    assert.ok(Number(field(said.childrenTotal, "minor")) > 7 * 211);
  });
}

test("demo shows first touches, copies on write and major faults, and leaves no file behind", async (t) => {
  const directory = mkdtempSync(`${ROOT}/build/demo-`);
  t.after(() => rmSync(directory, { recursive: true }));
  const program = start(workloadPath("demo"), ["-d", directory, "1"]);
  const said: { phases: { name: string; pages: number; minor: number; major: number }[] } = JSON.parse(
    (await program.line()) ?? "null",
  );
  const end = await program.end;
  assert.equal(end.code, 0, end.stderr);
  assert.deepEqual(readdirSync(directory), []);
  const names = said.phases.map((phase) => phase.name);
  assert.deepEqual(names, ["burst", "trickle", "copy-on-write", "cold file"]);
  for (const { name, pages, minor, major } of said.phases) {
    if (name === "cold file") assert.equal(major, pages);
    else assert.ok(minor >= pages && pages > 0, `${name}: ${minor} minor faults for ${pages} pages`);
  }
});
