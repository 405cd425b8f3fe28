import assert from "node:assert/strict";
import { before, test } from "node:test";
import { execa } from "execa";
import { helperPath, workloadPath } from "../../lib/paths.ts";
import { make, start, writable } from "../helpers-c/programs.ts";
import { isRegistered, untilReleased } from "../helpers-c/victim.ts";
import { hot, PAGES, WRITTEN } from "./hot.ts";
import { exactly, scanner } from "./written.ts";

const KINDS = ["anon", "thp", "memfd", "shared", "file-shared", "file-private"];

before(() => make());

/** Why this kernel cannot do it; null if it can. */
const impossible = async (): Promise<string | null> => {
  const trial = await execa(helperPath("wsscan"), ["-t"], { reject: false });
  return trial.exitCode === 0 ? null : `kernel: ${trial.stderr}`;
};

for (const kind of KINDS) {
  test(`${kind}: written pages are told to the page, read ones are not`, async (t) => {
    const reason = await impossible();
    if (reason !== null) return t.skip(reason);
    const target = await hot(t, kind);
    const scans = await scanner(target.pid);
    assert.deepEqual(await scans.written(target.start), exactly(0));
    for (let i = 0; i < 3; i++) {
      await target.tell("s");
      await target.tell("s");
      assert.deepEqual(await scans.written(target.start), exactly(WRITTEN));
    }
    await target.tell("v");
    assert.deepEqual(await scans.written(target.start), exactly(0));
    assert.ok(isRegistered(target.pid));
    assert.deepEqual(await scans.stop(), ["asked", { code: 0, signal: null, stderr: "" }]);
    await untilReleased(target.pid);
    assert.deepEqual(await target.tell("v"), { type: "check", ok: true });
  });

  test(`${kind}: a set that moves is counted as what was written in the window`, async (t) => {
    const reason = await impossible();
    if (reason !== null) return t.skip(reason);
    const target = await hot(t, kind, "-m", "1");
    const scans = await scanner(target.pid);
    for (const passes of [1, 2, 5]) {
      for (let i = 0; i < passes; i++) await target.tell("s");
      assert.deepEqual(await scans.written(target.start), exactly(passes * WRITTEN));
    }
    await scans.stop();
  });
}

test("a hole of shared memory that is read is not written, within the budget for page tables", async (t) => {
  const reason = await impossible();
  if (reason !== null) return t.skip(reason);
  const target = await hot(t, "memfd", "-u", "5000");
  const scans = await scanner(target.pid);
  for (const command of ["R", "R", "W"] as const) await target.tell(command);
  assert.deepEqual(await scans.written(target.start), exactly(1));
  assert.ok(Number(scans.ready.holeTables) >= 4096 * 17);
  await scans.stop();
});

for (const kind of KINDS) {
  test(`${kind}: a peek tells what was written in the window so far, and forgets none of it`, async (t) => {
    const reason = await impossible();
    if (reason !== null) return t.skip(reason);
    const target = await hot(t, kind, "-m", "1", "-u", "5000");
    const scans = await scanner(target.pid, "-b", "0");
    const peeked = async () => (await scans.peek()).mappings.get(target.start);
    assert.equal(await peeked(), undefined);
    for (let passes = 1; passes <= 3; passes++) {
      await target.tell("s");
      assert.deepEqual(await peeked(), exactly(passes * WRITTEN));
      assert.deepEqual(await peeked(), exactly(passes * WRITTEN));
    }
    await target.tell("W");
    const { low, high } = (await peeked()) ?? exactly(0);
    assert.ok(low <= 3 * WRITTEN + 1 && high >= 3 * WRITTEN + 1, `${low} ${high}`);
    const scan = await scans.written(target.start);
    assert.ok(scan.low <= 3 * WRITTEN + 1 && scan.high >= 3 * WRITTEN + 1, `${scan.low} ${scan.high}`);
    assert.equal(await peeked(), undefined);
    await scans.stop();
  });
}

test("beyond the budget, what came into memory in a window is in the upper bound; then it is exact", async (t) => {
  const reason = await impossible();
  if (reason !== null) return t.skip(reason);
  const target = await hot(t, "memfd", "-u", "5000");
  const scans = await scanner(target.pid, "-b", "0");
  assert.equal(scans.ready.holeTables, 0);
  for (const command of ["R", "R", "W", "s"] as const) await target.tell(command);
  assert.deepEqual(await scans.written(target.start), {
    low: WRITTEN,
    high: WRITTEN + 3,
    fresh: false,
  });
  for (const command of ["R", "R", "W", "s"] as const) await target.tell(command);
  assert.deepEqual(await scans.written(target.start), exactly(WRITTEN + 1), "its page table is armed now");
  await scans.stop();
});

test("a hole of anonymous memory: low is what was surely written", async (t) => {
  const reason = await impossible();
  if (reason !== null) return t.skip(reason);
  const target = await hot(t, "anon", "-u", "5000");
  const scans = await scanner(target.pid);
  for (const command of ["R", "R", "W"] as const) await target.tell(command);
  const { low, high } = await scans.written(target.start);
  // a kernel that maps the zero page tells them apart at once
  assert.ok((low === 0 && high === 3) || (low === 1 && high === 1), `${low} ${high}`);
  for (const command of ["R", "W", "W"] as const) await target.tell(command);
  assert.deepEqual(await scans.written(target.start), exactly(2));
  await scans.stop();
});

test("a target that never rests is counted whole, and keeps its memory", async (t) => {
  const reason = await impossible();
  if (reason !== null) return t.skip(reason);
  const options = ["-n", String(PAGES), "-w", String(WRITTEN), "-p", "1"];
  const target = start(workloadPath("hot"), options);
  t.after(() => target.process.kill("SIGKILL"));
  const ready = JSON.parse((await target.line()) ?? "null");
  let passes = 0;
  void (async () => {
    for (let line = await target.line(); line !== null; line = await target.line()) {
      assert.doesNotMatch(line, /harm/);
      if (line.includes('"pass"')) passes++;
    }
  })();
  const scans = await scanner(target.pid);
  for (let i = 0; i < 10; i++) {
    const enough = passes + 3;
    while (passes < enough) await new Promise((resolve) => setTimeout(resolve, 5));
    const { low, high } = await scans.written(ready.start);
    assert.deepEqual([low, high], [WRITTEN, WRITTEN]);
  }
  scans.program.process.kill("SIGKILL");
  await untilReleased(target.pid);
  const more = passes + 200;
  while (passes < more) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("by itself: so many scans, at so many milliseconds, then it ends", async (t) => {
  const reason = await impossible();
  if (reason !== null) return t.skip(reason);
  const target = await hot(t, "anon");
  const scans = await scanner(target.pid, "-i", "20", "-c", "3");
  const types: unknown[] = [];
  for (let line = await scans.next(); ; line = await scans.next()) {
    if (line.type !== "mapping") types.push(line.type);
    if (line.type === "end") {
      assert.equal(line.reason, "count");
      break;
    }
  }
  assert.deepEqual(types, ["scan", "scan", "scan", "end"]);
  await untilReleased(target.pid);
});

test("the end of its standard input ends it", async (t) => {
  const reason = await impossible();
  if (reason !== null) return t.skip(reason);
  const target = await hot(t, "anon");
  const scans = await scanner(target.pid);
  writable(scans.program, 0).end();
  assert.equal((await scans.next()).reason, "asked");
  assert.equal((await scans.program.end).code, 0);
  await untilReleased(target.pid);
});

test("wrong usage is 2; without the injector's descriptors it says so", async () => {
  assert.equal((await start(helperPath("wsscan"), []).end).code, 2);
  assert.equal((await start(helperPath("wsscan"), ["-i", "0", "1"]).end).code, 2);
  const alone = await start(helperPath("wsscan"), [String(process.pid)]).end;
  assert.equal(alone.code, 1);
  assert.match(alone.stderr, /^wsscan: descriptor 4 is no pidfd of a living process: /);
});
