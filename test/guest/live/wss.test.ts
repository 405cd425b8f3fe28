import assert from "node:assert/strict";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { before, type TestContext, test } from "node:test";
import { refusalOf } from "../../../lib/kernel/trial.ts";
import type { WssRecord } from "../../../lib/metric/wss-record.ts";
import { type Program, rest, start, until, writable } from "../../helpers-c/programs.ts";
import { type Hot, hot, PAGES, READ, WRITTEN } from "../../live/hot.ts";
import { toolCommand } from "../../live/tool.ts";
import { type Line, marker } from "./marks.ts";

const PAGE = 4096;
const TOUCHED = WRITTEN + READ;
/** Pages of a huge page. */
const HUGE = 512;
const NR_KDAMONDS = "/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds";

// a page that it moves to the other node counts as written
before(() => {
  const balancing = "/proc/sys/kernel/numa_balancing";
  if (existsSync(balancing)) writeFileSync(balancing, "0");
});

const refusals = new Map<string, Promise<string | null>>();

/** Skips where this kernel has not what a helper needs. */
async function lacks(t: TestContext, helper: string): Promise<boolean> {
  const refusal = await (refusals.get(helper) ?? refusalOf(helper));
  refusals.set(helper, Promise.resolve(refusal));
  if (refusal !== null) t.skip(`kernel: ${refusal}`);
  return refusal !== null;
}

/** Pages at the end of the machine's memory that the kernel does not tell of, where the guest's ends so. */
const UNTOLD_MOST = 63;

/** What was told is the truth, to the page; only what is said to be unknown is in the upper bound alone. */
function exactly(pages: number, told: Line | null, when: string): void {
  const fields = ["touched", "anon", "low", "high", "untracked"];
  const [touched = 0, anon = 0, low = 0, high = 0, untracked = 0] = fields.map((name) =>
    Number(told?.[name] ?? 0),
  );
  assert.deepEqual([touched, anon, high - untracked], [low, low, low], when);
  assert.ok(untracked <= UNTOLD_MOST, `${when}: ${untracked} untracked`);
  assert.ok(low <= pages && pages <= high, `${when}: ${low} ${pages} ${high}`);
}

for (const kind of ["anon", "file-private"]) {
  test(`idle: of ${kind} memory each touched page is told, and no other`, async (t) => {
    if (await lacks(t, "wssidle")) return;
    const target = await hot(t, kind, "-u", "4");
    const marks = marker(t, "wssidle", target.pid);
    for (let i = 0; i < 2; i++) {
      await marks.mark();
      exactly(0, await marks.read(target.start), "nothing was touched");
      await target.tell("s");
      exactly(TOUCHED, await marks.read(target.start), "a pass");
      await target.tell("s");
      exactly(TOUCHED, await marks.read(target.start), "a window goes on until the next mark");
    }
    await marks.mark();
    await target.tell("W");
    exactly(1, await marks.read(target.start), "a page that came was touched");
    await target.tell("v");
    exactly(PAGES + 1, await marks.read(target.start), "all that is there");
  });
}

test("idle: memory that others may have touched is in the upper bound alone", async (t) => {
  if (await lacks(t, "wssidle")) return;
  const target = await hot(t, "memfd");
  const marks = marker(t, "wssidle", target.pid);
  await marks.mark();
  await target.tell("s");
  const told = await marks.read(target.start);
  const untracked = Number(told?.untracked);
  assert.ok(untracked <= UNTOLD_MOST);
  assert.deepEqual([told?.low, told?.high, told?.anon], [0, Number(told?.touched) + untracked, 0]);
  assert.ok(Number(told?.touched) <= TOUCHED && TOUCHED <= Number(told?.high), JSON.stringify(told));
});

test("idle: of a huge page one access is known", async (t) => {
  if (await lacks(t, "wssidle")) return;
  const target = await hot(t, "thp");
  const marks = marker(t, "wssidle", target.pid);
  await marks.mark();
  await target.tell("s");
  const told = await marks.read(target.start);
  assert.deepEqual(told, { touched: 2 * HUGE, low: 2, high: 2 * HUGE, anon: 2 * HUGE, untracked: 0 });
});

for (const kind of ["anon", "memfd", "file-private"]) {
  test(`softdirty: of ${kind} memory each written page is told, and no other`, async (t) => {
    if (await lacks(t, "wssdirty")) return;
    const target = await hot(t, kind);
    const marks = marker(t, "wssdirty", target.pid);
    for (let i = 0; i < 2; i++) {
      await marks.mark();
      assert.equal(await marks.read(target.start), null, "nothing was written");
      await target.tell("s");
      const told = await marks.read(target.start);
      assert.deepEqual([told?.written, told?.anon], [WRITTEN, kind === "memfd" ? 0 : WRITTEN]);
    }
    await marks.mark();
    await target.tell("v");
    assert.equal(await marks.read(target.start), null, "reading is not writing");
  });
}

test("softdirty: a huge page is marked whole", async (t) => {
  if (await lacks(t, "wssdirty")) return;
  const target = await hot(t, "thp");
  const marks = marker(t, "wssdirty", target.pid);
  await marks.mark();
  await target.tell("s");
  assert.equal((await marks.read(target.start))?.written, HUGE);
});

/** The known workload, told to do a pass every 50 ms: by itself it would check all of its memory now and then. */
async function running(t: TestContext): Promise<Hot> {
  const target = await hot(t, "anon");
  const passes = setInterval(() => writable(target.program, 0).write("s"), 50);
  t.after(() => clearInterval(passes));
  void rest(target.program); // so that it never waits for us
  return target;
}

const startWss = (...args: string[]): Program => start("node", [...toolCommand("wss"), ...args]);

/** Runs wss -j --regions; its records. */
async function measure({ pid }: Hot, method: string, ...rest: string[]): Promise<WssRecord[]> {
  const options = ["-j", "--regions", "--flush", "--force", "--method", method, "-p", String(pid)];
  const tool = startWss(...options, ...rest);
  const records: WssRecord[] = [];
  for (let line = await tool.line(); line !== null; line = await tool.line()) records.push(JSON.parse(line));
  const { code, stderr } = await tool.end;
  assert.equal(code, 0, stderr);
  return records;
}

/** What each window found in the known memory, in pages. */
const found = (records: readonly WssRecord[], { start: at }: Hot) =>
  records
    .filter((record) => record.type === "region")
    .filter((region) => region.start === at)
    .map(({ method, wss, wssLow, wssHigh }) => ({
      method,
      wss: wss / PAGE,
      low: wssLow / PAGE,
      high: wssHigh / PAGE,
    }));

const truthOf = (method: string): number => (["softdirty", "written"].includes(method) ? WRITTEN : TOUCHED);

for (const [method, helper] of [
  ["idle", "wssidle"],
  ["softdirty", "wssdirty"],
] as const) {
  test(`wss --method ${method} finds a known set to the page, window after window`, async (t) => {
    if (await lacks(t, helper)) return;
    const target = await running(t);
    const pages = truthOf(method);
    const windows = found(await measure(target, method, "1", "3"), target);
    assert.equal(windows.length, 3);
    const untold = method === "idle" ? UNTOLD_MOST : 0;
    for (const { low, wss, high } of windows) {
      assert.equal(wss, low);
      assert.ok(low <= pages && pages <= high && high - low <= untold, `${low} ${pages} ${high}`);
    }
  });
}

test("wss --method damon has the known set within its bounds, and leaves DAMON as it was", async (t) => {
  if (await lacks(t, "wssdamon")) return;
  const target = await running(t);
  const windows = found(await measure(target, "damon", "1", "4"), target);
  assert.equal(windows.length, 4);
  for (const { low, wss, high } of windows) {
    assert.ok(low > 0 && low <= TOUCHED && TOUCHED <= high, `${low} ${high}`);
    // about a page in five is looked at: 518 of 4096 is far from nothing and from all
    assert.ok(wss > TOUCHED / 2 && wss < TOUCHED * 2, `${wss}`);
  }
  assert.equal(readFileSync(NR_KDAMONDS, "utf8"), "0\n");
});

test("all methods that work here agree on one process, within their bounds", async (t) => {
  const target = await running(t);
  const records = await measure(target, "all", "1", "5");
  const [first] = records;
  assert.ok(first?.type === "start");
  const windows = found(records, target);
  assert.deepEqual(new Set(windows.map(({ method }) => method)), new Set(first.methods.slice(0, 5)));
  for (const { method, low, high } of windows) {
    const truth = truthOf(method);
    assert.ok(low <= truth && truth <= high, `${method}: ${low} ${truth} ${high}`);
  }
});

test("somebody else's use of the idle marks, and of DAMON, is noticed and refused", async (t) => {
  if ((await lacks(t, "wssidle")) || (await lacks(t, "wssdamon"))) return;
  const bitmap = openSync("/sys/kernel/mm/page_idle/bitmap", "r");
  const idle = await startWss("--method", "idle", "-p", String(process.pid)).end;
  closeSync(bitmap);
  assert.match(
    idle.stderr,
    new RegExp(`^wss: method idle: idle marks are in use by .* \\(pid ${process.pid}\\)$`, "m"),
  );
  assert.equal(idle.code, 3);

  const target = await running(t);
  const first = startWss("-j", "--method", "damon", "-p", String(target.pid), "1");
  await first.line();
  await until("DAMON is taken", () => readFileSync(NR_KDAMONDS, "utf8") !== "0\n");
  const second = await startWss("--method", "damon", "-p", String(target.pid)).end;
  assert.match(second.stderr, /^wss: method damon: DAMON is in use by somebody else/m);
  assert.equal(second.code, 3);
  // killed in the middle of a window: its guardian puts everything back
  first.process.kill("SIGKILL");
  await until("DAMON is as it was", () => readFileSync(NR_KDAMONDS, "utf8") === "0\n");
});
