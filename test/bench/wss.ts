/**
 * How wrong each method of wss is on known sets, beside wss.pl where WSS_PL says where it is (Gregg's, from
 * github.com/brendangregg/wss), and what the methods cost.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { withDescendants } from "../../lib/procfs/processes.ts";
import { formatBytes } from "../../lib/term/units.ts";
import type { Method } from "../../lib/wss/method.ts";
import { chooseMethods } from "../../lib/wss/methods.ts";
import { referenced } from "../../lib/wss/referenced.ts";
import { written } from "../../lib/wss/written.ts";
import { start } from "../helpers-c/programs.ts";
import { foundIn, hasWholePass, runWss, type WssRun } from "../live/known-run.ts";
import { HOT_KINDS, type Hot, type HotKind, PAGE, startHot } from "../live/known-set.ts";
import { toolCommand } from "../live/tool.ts";
import { median } from "./median.ts";
import { cpuSeconds } from "./usage.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = [64 * KIB, MIB, 16 * MIB, 256 * MIB, 1024 * MIB];
/** Seconds. */
const WINDOWS = [0.01, 0.1, 1];
/** Windows of each method, in a run. */
const TIMES = 5;
/** Paging all of it out and in again takes longer than a window, and disturbs what comes after. */
const REFAULT_MOST = 256 * MIB;

/** @param args a kind of memory, instead of all */
export async function run([only]: readonly string[]): Promise<void> {
  console.log(
    "\nerror of WSS, worst of the windows in which all of the set was touched; OUTSIDE: the bounds were wrong\n",
  );
  console.log("   SET  WINDOW  KIND          METHOD      WINDOWS    ERROR  OUTSIDE");
  for (const kind of HOT_KINDS)
    if (kind === (only ?? kind)) for (const bytes of SIZES) await printErrors(kind, bytes);
  await printCosts();
}

/** Ends what a row started, as a test's own context would. */
class Row {
  readonly #ends: (() => void)[] = [];
  after(end: () => void): void {
    this.#ends.push(end);
  }
  end(): void {
    for (const end of this.#ends.reverse()) end();
  }
}

/** As much memory again beside the set is never touched. */
async function printErrors(kind: HotKind, bytes: number): Promise<void> {
  const row = new Row();
  try {
    const pages = bytes / PAGE;
    const sizes = {
      pages: 2 * pages,
      written: (3 * pages) / 4,
      read: pages / 4,
      periodMs: bytes < 16 * MIB ? 2 : 0,
    };
    const hot = await startHot(row, kind, sizes);
    const of = (method: string, window: number, times: number, ...options: string[]): Promise<WssRun> =>
      runWss([
        ...["--method", method, "--force", "--flush", "--regions", ...options],
        ...["-p", String(hot.pid), String(window), String(times)],
      ]);
    const inTurns = (await chooseMethods("all")).methods.length;
    for (const window of WINDOWS) {
      printRows(hot, bytes, window, await of("all", window, TIMES * inTurns));
      await printWssPl(hot, bytes, window);
    }
    if (bytes <= REFAULT_MOST) printRows(hot, bytes, 1, await of("refault", 1, TIMES, "--zram", "1G"));
  } finally {
    row.end();
  }
}

function printRows(hot: Hot, bytes: number, window: number, run: WssRun): void {
  for (const method of run.start?.methods ?? []) {
    const truth = method === "written" || method === "softdirty" ? hot.written : hot.touched;
    const found = run.samples
      .filter((sample) => sample.method === method && hasWholePass(hot, sample))
      .map((sample) => foundIn(hot, run, sample));
    const wrong = found.map(({ wss }) => Math.abs(wss - truth) / truth);
    const outside = found.filter(({ low, high }) => truth < low || truth > high).length;
    printRow({ hot, bytes, window, method, wrong, outside: String(outside) });
  }
}

interface Figures {
  hot: Hot;
  bytes: number;
  window: number;
  method: string;
  wrong: readonly number[];
  outside: string;
}

function printRow({ hot, bytes, window, method, wrong, outside }: Figures): void {
  const worst = wrong.length === 0 ? "-" : `${(100 * Math.max(...wrong)).toFixed(1)} %`;
  console.log(
    [
      formatBytes(bytes).padStart(6),
      `${window} s`.padStart(7),
      ` ${hot.kind.padEnd(13)}`,
      method.padEnd(11),
      String(wrong.length).padStart(7),
      worst.padStart(8),
      outside.padStart(8),
    ].join(" "),
  );
}

/** "Est(s) RSS(MB) PSS(MB) Ref(MB)": of the whole process, and without bounds. */
async function printWssPl(hot: Hot, bytes: number, window: number): Promise<void> {
  const script = process.env.WSS_PL;
  if (script === undefined) return;
  const wrong: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    const { stdout } = await execa("perl", [script, String(hot.pid), String(window)], { reject: false });
    const figures = /^\s*([\d.]+)\s+[\d.]+\s+[\d.]+\s+([\d.]+)\s*$/m.exec(stdout);
    if (figures !== null) wrong.push(Math.abs(Number(figures[2]) * MIB - hot.touched) / hot.touched);
  }
  printRow({ hot, bytes, window, method: "wss.pl", wrong, outside: "-" });
}

const OPTIONS = { flush: true, interval: 1 };
const ROUNDS = 15;

/** Median seconds of a window's two operations, over rounds in turns. */
async function costs(method: Method, pid: number): Promise<number> {
  const tracking = await method.track(pid, OPTIONS);
  if (tracking === null) return Number.NaN;
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const from = performance.now();
    await tracking.mark();
    await tracking.read();
    took.push((performance.now() - from) / 1000);
  }
  await tracking.close();
  return median(took);
}

/** The operations of the kernel that referenced consists of. */
function kernelAlone(pid: number): number {
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const from = performance.now();
    writeFileSync(`/proc/${pid}/clear_refs`, "1");
    writeFileSync(`/proc/${pid}/clear_refs`, "4");
    readFileSync(`/proc/${pid}/smaps`);
    took.push((performance.now() - from) / 1000);
  }
  return median(took);
}

/** Seconds that a scan of wsscan took, by its own clock; a window has two. */
async function scans(pid: number): Promise<number> {
  const tracking = await written.track(pid, OPTIONS);
  if (tracking === null) return Number.NaN;
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const step of [() => tracking.mark(), () => tracking.read()]) {
      await step();
      took.push(((tracking.span?.to ?? 0) - (tracking.span?.from ?? 0)) / 1000);
    }
  }
  await tracking.close();
  return median(took);
}

/** CPU time of wss and all its children, as a share of one CPU, at a window a second. */
async function ownCpu(pid: number, method: string): Promise<number> {
  const argv = [...toolCommand("wss"), "-j", "--force", "--method", method, "-p", String(pid), "1"];
  const tool = start("node", argv);
  for (let i = 0; i < 3; i++) await tool.line();
  const family = withDescendants([tool.pid]);
  const [before, from] = [cpuSeconds(family), performance.now()];
  for (let i = 0; i < 10; i++) await tool.line();
  const share = (cpuSeconds(family) - before) / ((performance.now() - from) / 1000);
  tool.process.kill("SIGINT");
  tool.process.stdout?.resume();
  await tool.end;
  return share;
}

async function printCosts(): Promise<void> {
  const row = new Row();
  const ms = (seconds: number): string => (1000 * seconds).toFixed(1);
  const sizes = { pages: (1024 * MIB) / PAGE, written: 0, read: 0, periodMs: 60_000 };
  const large = await startHot(row, "anon", sizes);
  const [alone, whole] = [kernelAlone(large.pid), await costs(referenced, large.pid)];
  console.log(
    `\na window of referenced on 1 GiB: ${ms(whole)} ms, the kernel alone ${ms(alone)} ms: ${(whole / alone).toFixed(2)}`,
  );
  console.log(`a scan of written on 1 GiB, nothing written: ${ms(await scans(large.pid))} ms`);
  const small = await startHot(row, "anon", { ...sizes, pages: 1024 });
  for (const method of ["referenced", "written"])
    console.log(
      `wss --method ${method}, a window a second: ${(100 * (await ownCpu(small.pid, method))).toFixed(1)} % of a CPU`,
    );
  row.end();
}
