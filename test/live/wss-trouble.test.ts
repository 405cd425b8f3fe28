import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, type TestContext, test } from "node:test";
import { refusalOf } from "../../lib/kernel/trial.ts";
import { listPids } from "../../lib/procfs/processes.ts";
import { METHODS, type MethodName } from "../../lib/wss/method.ts";
import { runAsNobody } from "../cli/tool.ts";
import { make, until } from "../helpers-c/programs.ts";
import { debuggerOf, pause32, withoutUserfaultfd } from "../helpers-c/refusing.ts";
import { CannotRun } from "../helpers-c/section.ts";
import { untilReleased, type Victim, victim } from "../helpers-c/victim.ts";
import { foundIn, runWss } from "./known-run.ts";
import { PAGE, startHot } from "./known-set.ts";
import { ARENA, python } from "./written.ts";
import { nextOf, restOf, startWss } from "./wss.ts";

before(() => make());

/** Each method's helper; referenced has none. */
const HELPERS: Record<MethodName, string | null> = {
  idle: "wssidle",
  referenced: null,
  written: "wsscan",
  softdirty: "wssdirty",
  damon: "wssdamon",
  refault: "wssevict",
};

/** A test under each method, skipped where the kernel has not what it needs. */
function underEach(name: string, run: (t: TestContext, method: MethodName) => Promise<void>): void {
  for (const method of METHODS)
    test(`${method}: ${name}`, async (t) => {
      const helper = HELPERS[method];
      const refusal = helper && (await refusalOf(helper));
      if (refusal) return t.skip(`kernel: ${refusal}`);
      await run(t, method);
    });
}

/** Nothing of wss runs on, or is left in the process. */
async function assertNothingLeft(pid: number): Promise<void> {
  const helpers = new Set(["inject", ...Object.values(HELPERS)]);
  const works = (other: number): boolean => {
    try {
      const [program = "", ...args] = readFileSync(`/proc/${other}/cmdline`, "utf8").split("\0");
      return helpers.has(program.replace(/.*\//, "")) && args.includes(String(pid));
    } catch {
      return false; // it has ended
    }
  };
  await until("no helper is left", () => !listPids().some(works));
}

async function victimOf(t: TestContext): Promise<Victim> {
  const target = await victim(20);
  t.after(target.end);
  return target;
}

/** What the figures mean, said at the beginning: by method and by kernel. */
const MEANING =
  /there is no swap|do not fit|writes only|TLB is not flushed|a sample of pages|NUMA balancing is on/;

/** The lines that tell what went wrong. */
const complaints = (stderr: string): string[] =>
  stderr.split("\n").filter((line) => line !== "" && !MEANING.test(line));

underEach("a target that ends within a window ends the run, with what was measured", async (t, method) => {
  const { pid, end } = await victimOf(t);
  const wss = startWss("--force", "--method", method, "-p", String(pid), "0.5");
  await nextOf(wss, "sample");
  setTimeout(end, 200);
  const summaries = (await restOf(wss)).filter((record) => record.type === "summary");
  assert.deepEqual(
    summaries.map((summary) => [summary.pid, summary.endedBy]),
    [[pid, "exit"]],
  );
  const { code, stderr } = await wss.end;
  assert.deepEqual([code, complaints(stderr)], [0, []]);
  await assertNothingLeft(pid);
});

underEach(
  "a target that ends within the first window: nothing was measured, in one line",
  async (t, method) => {
    const { pid, end } = await victimOf(t);
    const wss = startWss("--force", "--method", method, "-p", String(pid), "100");
    await nextOf(wss, "start");
    end();
    assert.deepEqual(await restOf(wss), []);
    const { code, stderr } = await wss.end;
    const line = "wss: nothing was measured: the target ended within the first window";
    assert.deepEqual([code, complaints(stderr)], [0, [line]]);
    await assertNothingLeft(pid);
  },
);

underEach("a target that becomes another program is measured on as that", async (t, method) => {
  const target = await python();
  t.after(target.end);
  const wss = startWss("--force", "--method", method, "-p", String(target.pid), "0.3");
  assert.match((await nextOf(wss, "sample")).comm, /^python3/);
  target.send("os.execv('/bin/sleep', ['sleep', '1000'])");
  let comms = 0;
  while (comms < 2) if ((await nextOf(wss, "sample")).comm === "sleep") comms++;
  wss.process.kill("SIGINT");
  const summaries = (await restOf(wss)).filter((record) => record.type === "summary");
  assert.deepEqual(
    summaries.map((summary) => [summary.pid, summary.comm, summary.endedBy]),
    [[target.pid, "sleep", "interrupt"]],
  );
  const { code, stderr } = await wss.end;
  assert.deepEqual([code, complaints(stderr)], [0, []]);
  assert.equal(target.program.process.exitCode, null, "it sleeps");
  await untilReleased(target.pid);
  await assertNothingLeft(target.pid);
});

const TIB = 2 ** 40;
const KNOWN = 64 * PAGE;

underEach("68 TiB of reserved space cost neither memory nor exactness", async (t, method) => {
  const target = await python();
  t.after(target.end);
  // 64 TiB that nobody may touch, 4 TiB that nobody has touched, and a known set
  const reserve = (pages: number, access: number, where: string) =>
    target.run(`map(${pages}, flags=0x4022, access=${access}, where=${where})`);
  await reserve((64 * TIB) / PAGE, 0, "0x100000000000");
  await reserve((4 * TIB) / PAGE, 3, "0x600000000000");
  await target.run("import time; map(64); write(0, 64)");
  const tables = (): number =>
    Number(/VmPTE:\s+(\d+)/.exec(readFileSync(`/proc/${target.pid}/status`, "utf8"))?.[1]);
  const before = tables();
  const hot = { start: Number(ARENA), end: Number(ARENA) + KNOWN };
  target.send("while True: write(0, 64); time.sleep(0.02)");
  const run = await runWss([
    ...["--force", "--regions", "--method", method, "-p", String(target.pid), "0.5", "3"],
  ]);
  assert.deepEqual([run.status, complaints(run.stderr), run.samples.length], [0, [], 3]);
  assert.ok(tables() - before < 1024, `${tables() - before} KiB of page tables`);
  for (const sample of run.samples) {
    assert.ok(sample.wssHigh <= 1.5 * sample.rss, `${sample.wssHigh} of ${sample.rss}`);
    const { low, high } = foundIn(hot, run, sample);
    assert.ok(low <= KNOWN && high >= (method === "damon" ? 0 : KNOWN), `${low} ${high}`);
  }
  assert.equal(target.program.process.exitCode, null, "it goes on");
  await untilReleased(target.pid);
  await assertNothingLeft(target.pid);
});

for (const method of ["referenced", "written", "refault"] as const) {
  test(`${method}: another user's process is 3 without privilege, in one line`, async (t) => {
    const refusal = method === "referenced" ? null : await refusalOf(HELPERS[method] ?? "");
    if (refusal !== null) return t.skip(`kernel: ${refusal}`);
    const target = await victimOf(t);
    const wss = ["node", "--import", "tsx", "scripts/wss.ts"];
    const { status, stdout, stderr } = await runAsNobody(t, ["--method", method, "-p", `${target.pid}`], wss);
    assert.deepEqual([status, stdout], [3, ""]);
    assert.match(stderr, /^wss: cannot [^\n]* \(?it is another user's, or has more privilege\)?\n$/);
    await target.assertUnharmed();
  });
}

/** What written refuses is 1 and one line; beside other methods it is left out, and they measure it. */
async function assertLeftOut(pid: number, reason: string): Promise<void> {
  const refusal = await refusalOf("wsscan");
  if (refusal !== null) throw new CannotRun(`kernel: ${refusal}`);
  const alone = await runWss(["--method", "written", "-p", String(pid), "0.2", "1"]);
  assert.deepEqual([alone.status, alone.start, alone.stderr], [1, undefined, `wss: ${reason}\n`]);
  const beside = await runWss(["--force", "--method", "written,referenced", "-p", String(pid), "0.2", "2"]);
  assert.equal(beside.status, 0);
  assert.deepEqual(complaints(beside.stderr), [`wss: written: ${reason}: left out`]);
  assert.deepEqual(
    beside.refused.map((refused) => [refused.pid, refused.reason]),
    [[pid, reason]],
  );
  assert.deepEqual(
    beside.samples.map(({ method }) => method),
    ["referenced"],
  );
  await assertNothingLeft(pid);
}

/** The test's own skip where something is missing. */
async function orSkip(t: TestContext, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    t.skip(error.message);
  }
}

test("a 32-bit process", (t) =>
  orSkip(t, async () => {
    const { pid, process } = await pause32(t);
    await assertLeftOut(pid, `process ${pid} is a 32-bit one: only 64-bit ones can be injected into`);
    const { samples } = await runWss([
      "--method",
      "referenced",
      "--flush",
      "--force",
      "-p",
      String(pid),
      "0.2",
      "1",
    ]);
    assert.ok((samples[0]?.wss ?? 0) >= 16 * PAGE, "it touches 16 pages again and again");
    assert.equal(process.exitCode, null);
  }));

test("a process under a debugger, which keeps it", (t) =>
  orSkip(t, async () => {
    const { pid, program } = await victimOf(t);
    const debug = await debuggerOf(t, pid);
    await assertLeftOut(pid, `process ${pid} is traced by process ${debug.pid} (a debugger, strace)`);
    assert.match(readFileSync(`/proc/${pid}/status`, "utf8"), new RegExp(`TracerPid:\t${debug.pid}\n`));
    assert.equal(program.process.exitCode, null);
  }));

test("a process whose seccomp filter forbids userfaultfd", (t) =>
  orSkip(t, async () => {
    const { pid, program } = await withoutUserfaultfd(t);
    await assertLeftOut(
      pid,
      `process ${pid} is under seccomp (Seccomp: 2), which may kill it for a system call that it does not expect`,
    );
    assert.equal(program.process.exitCode, null);
  }));

/** A size that no other swap here has: 11 MiB less the header's page. */
const [ZRAM, OURS] = [["--zram", "11M"], /partition\s+11260\s/];

test("refault: a swap that is full is said; what stays is in HIGH, and the truth within the bounds", async (t) => {
  const refusal = await refusalOf("wssevict");
  if (refusal !== null) return t.skip(`kernel: ${refusal}`);
  const sizes = { pages: 16384, written: 2000, read: 2000, periodMs: 20 };
  const hot = await startHot(t, "anon", sizes);
  const swaps = (): string => readFileSync("/proc/swaps", "utf8");
  let others = 0;
  const run = await runWss(
    ["--method", "refault", ...ZRAM, "--regions", "-p", String(hot.pid), "1", "3"],
    () => {
      others = swaps().trim().split("\n").length - 2; // the header, and ours
    },
  );
  if (run.status === 3) return t.skip(`kernel: ${run.stderr}`);
  assert.deepEqual([run.status, complaints(run.stderr), run.samples.length], [0, [], 3]);
  if (others === 0)
    assert.match(
      run.stderr,
      /^wss: refault: \d+M of anonymous memory do not fit into \d+M of free swap: [^\n]+ --zram SIZE makes more\n$/,
    );
  for (const sample of run.samples) {
    const { low, high } = foundIn(hot, run, sample);
    assert.ok(low <= hot.touched && hot.touched <= high, `${low} ${high} for ${hot.touched}`);
    if (others === 0) assert.ok(sample.untracked > 0, "some of it stayed");
  }
  assert.doesNotMatch(swaps(), OURS);
  const { length } = hot.passes;
  await until("it goes on, its memory whole", () => hot.passes.length > length + 1);
  await assertNothingLeft(hot.pid);
});
