/** pgfaultmap where it is hardest for it: at the highest rate of faults, with many pages, processes and threads, and on recordings. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { MapSummaryRecord } from "../../lib/metric/map-record.ts";
import { helperPath, ROOT, workloadPath } from "../../lib/paths.ts";
import { withDescendants } from "../../lib/procfs/processes.ts";
import { FaultrecDecoder } from "../../lib/source/faultrec/decode.ts";
import { formatBytes, formatDigits } from "../../lib/term/units.ts";
import { type Program, rest, start, writable } from "../helpers-c/programs.ts";
import { median } from "./median.ts";
import { cpuSeconds, peakOf } from "./usage.ts";

const TOOL = ["--import", "tsx", `${ROOT}/scripts/pgfaultmap.ts`];
const ROUNDS = 5;
/** As large as a pipe gives. */
const PIECE = 64 * 1024;

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-map-"));
  try {
    const recording = join(folder, "faults.bin");
    await printRates(recording);
    await printReading(recording, join(folder, "perf.data"));
  } finally {
    rmSync(folder, { recursive: true });
  }
  await printMemory();
  await printThreads();
}

/** Workloads that wait for their section, and then do nothing but fault: one for each CPU. */
class Pair {
  readonly programs: Program[];
  constructor(name: string, ...args: string[]) {
    this.programs = [1, 2].map(() => start(workloadPath(name), ["-w", ...args]));
  }

  get pids(): string[] {
    return this.programs.map(({ pid }) => String(pid));
  }

  async ready(): Promise<void> {
    for (const program of this.programs) await program.line();
  }

  /** Lets them run; the seconds until both are done. */
  async section(): Promise<number> {
    const from = performance.now();
    for (const program of this.programs) writable(program, 0).write("g");
    for (const program of this.programs) await program.line();
    return (performance.now() - from) / 1000;
  }

  async end(): Promise<void> {
    for (const program of this.programs) writable(program, 0).write("g");
    for (const program of this.programs) {
      await rest(program);
      await program.end;
    }
  }
}

interface Rate {
  perSecond: number;
  /** CPU time of the observer while they ran, as a share of one CPU. */
  cpu: number;
  lost: number | null;
}

const PAGES = 50_000;
const WALKS = 20;

async function printRates(recording: string): Promise<void> {
  console.log("\ntwo programs that do nothing but fault, on two CPUs\n");
  console.log("watched by                      faults/s    lost   CPU of one");
  const alone: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const pair = new Pair("walk", String(PAGES), String(WALKS));
    await pair.ready();
    alone.push((2 * PAGES * WALKS) / (await pair.section()));
    await pair.end();
  }
  printRate("nothing", [{ perSecond: median(alone), cpu: 0, lost: 0 }]);
  for (const options of [[], ["-n"], ["-l"], ["-l", "-t"]]) {
    const rates: Rate[] = [];
    for (let round = 0; round < ROUNDS; round++) rates.push(await recorded(recording, options));
    printRate(["faultrec", ...options].join(" "), rates);
  }
  await recorded(recording, []); // what is read below
  for (const options of [[], ["-l"], ["-l", "--types"]]) {
    const rates: Rate[] = [];
    for (let round = 0; round < ROUNDS; round++) rates.push(await mapped(options));
    printRate(["pgfaultmap", ...options].join(" "), rates);
  }
}

function printRate(name: string, rates: readonly Rate[]): void {
  const of = (field: (rate: Rate) => number): number => median(rates.map(field));
  const lost = rates.some((rate) => rate.lost === null) ? "unknown" : of((rate) => rate.lost ?? 0).toFixed(0);
  const perSecond = formatDigits(Math.round(of((rate) => rate.perSecond)));
  console.log(
    `${name.padEnd(28)} ${perSecond.padStart(11)} ${lost.padStart(7)} ${of((rate) => rate.cpu)
      .toFixed(3)
      .padStart(12)}`,
  );
}

/** faultrec alone, into a file. */
async function recorded(file: string, options: readonly string[]): Promise<Rate> {
  rmSync(file, { force: true });
  const pair = new Pair("walk", String(PAGES), String(WALKS));
  await pair.ready();
  const argv = [helperPath("faultrec"), ...options, ...pair.pids];
  const recorder = start("sh", ["-c", 'exec "$@" >"$0"', file, ...argv]);
  await begun(() => existsSync(file) && statSync(file).size > 0);
  const { perSecond, cpu } = await measured(pair, [recorder.pid]);
  recorder.process.kill("SIGTERM");
  await recorder.end;
  await pair.end();
  let lost = 0;
  decode(readFileSync(file), (more) => {
    lost += more;
  });
  return { perSecond, cpu, lost };
}

async function mapped(options: readonly string[]): Promise<Rate> {
  const pair = new Pair("walk", String(PAGES), String(WALKS));
  await pair.ready();
  const argv = [...TOOL, "-j", ...options, ...pair.pids.flatMap((pid) => ["-p", pid])];
  const tool = start("node", argv);
  await tool.line();
  const { perSecond, cpu } = await measured(pair, withDescendants([tool.pid]));
  tool.process.kill("SIGINT");
  const summaries = await summariesOf(tool);
  await pair.end();
  const losses = summaries.map(({ lost }) => lost);
  return { perSecond, cpu, lost: losses.includes(null) ? null : Math.max(0, ...losses.map(Number)) };
}

async function measured(pair: Pair, observers: readonly number[]): Promise<Omit<Rate, "lost">> {
  const before = cpuSeconds(observers);
  const seconds = await pair.section();
  return {
    perSecond: (2 * PAGES * WALKS) / seconds,
    cpu: (cpuSeconds(observers) - before) / seconds,
  };
}

async function begun(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function summariesOf(tool: Program): Promise<MapSummaryRecord[]> {
  const lines = await rest(tool);
  await tool.end;
  return lines.map((line) => JSON.parse(line)).filter((record) => record.type === "summary");
}

/** Faults of a stream in memory, in pieces as large as a pipe gives. */
function decode(bytes: Uint8Array, onLost: (count: number) => void = () => undefined): number {
  let faults = 0;
  const decoder = new FaultrecDecoder({
    faults: (batch) => {
      faults += batch.count;
    },
    event: (event) => {
      if (event.type === "end") onLost(event.minor.lost + event.major.lost);
    },
  });
  for (let at = 0; at < bytes.length; at += PIECE) decoder.push(bytes.subarray(at, at + PIECE));
  decoder.end();
  return faults;
}

/** How many faults a second are read, each from what it has recorded of the same program. */
async function printReading(recording: string, perfData: string): Promise<void> {
  const bytes = readFileSync(recording);
  const ours: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const from = performance.now();
    const faults = decode(bytes);
    ours.push(faults / (performance.now() - from) / 1000);
  }
  const events = ["-q", "-e", "minor-faults,major-faults", "-c", "1", "-d", "-m", "4096"];
  const walk = [workloadPath("walk"), String(PAGES), "8"];
  await execa("perf", ["record", ...events, "-o", perfData, "--", ...walk]);
  const script = ["script", "-f", "-i", perfData, "-F", "pid,tid,time,event,addr,ip", "-G"];
  const perf: number[] = [];
  const mapped: number[] = [];
  for (let round = 0; round < 3; round++) {
    const from = performance.now();
    const { stdout } = await execa("perf", script, { encoding: "buffer", maxBuffer: 1 << 30 });
    const lines = stdout.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0);
    perf.push(lines / (performance.now() - from) / 1000);
    const begun = performance.now();
    await execa("node", [...TOOL, "-j", "--from", perfData]);
    mapped.push(lines / (performance.now() - begun) / 1000);
  }
  console.log("\nreading, million faults a second\n");
  console.log(`a recording of faultrec, decoded       ${median(ours).toFixed(1)}`);
  console.log(`perf script, of perf.data              ${median(perf).toFixed(1)}`);
  console.log(`pgfaultmap --from perf.data, all of it ${median(mapped).toFixed(1)}`);
}

const MANY: readonly { name: string; options: string[]; command: string[] }[] = [
  { name: "10 million pages, side by side", options: [], command: ["roam", "10000000", "1"] },
  { name: "10 million pages in a terabyte", options: [], command: ["roam", "10000000", "26"] },
  { name: "3,000 processes", options: ["-f"], command: ["forks", "-j", "4", "3000", "3"] },
  { name: "9,000 processes", options: ["-f"], command: ["forks", "-j", "4", "9000", "3"] },
];

async function printMemory(): Promise<void> {
  console.log("\nmemory of pgfaultmap (all its own, of Node too)\n");
  console.log("what                               faults    lost     peak");
  for (const { name, options, command } of MANY) {
    const [file = "", ...args] = command;
    const tool = start("node", [...TOOL, "-j", ...options, "--", workloadPath(file), ...args]);
    let peak = 0;
    const look = setInterval(() => {
      peak = Math.max(peak, peakIfThere(tool.pid));
    }, 100);
    let [faults, lost] = [0, 0];
    for (let line = await tool.line(); line !== null; line = await tool.line()) {
      const record = JSON.parse(line);
      if (record.type === "summary") [faults, lost] = [faults + record.faults, Math.max(lost, record.lost)];
      if (record.type === "others") faults += record.minor + record.major;
    }
    clearInterval(look);
    await tool.end;
    console.log(
      `${name.padEnd(30)} ${formatDigits(faults).padStart(10)} ${String(lost).padStart(7)} ${formatBytes(peak).padStart(8)}`,
    );
  }
}

function peakIfThere(pid: number): number {
  try {
    return peakOf(pid);
  } catch {
    return 0;
  }
}

const THREADS = "2000";

/** What threads that come and go are slowed by: time of the program with the tool, by its time without. */
async function printThreads(): Promise<void> {
  const took = async (argv: string[]): Promise<number> => {
    const from = performance.now();
    await execa(argv[0] ?? "", argv.slice(1));
    return performance.now() - from;
  };
  const command = [workloadPath("threads"), THREADS, "1"];
  const [bare, seen]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await took(command));
    seen.push(await sectionUnderTool(command));
  }
  console.log(
    `\n${THREADS} threads that come and go: ${median(bare).toFixed(0)} ms alone, ${median(seen).toFixed(0)} ms recorded: ${(median(seen) / median(bare)).toFixed(2)}`,
  );
}

/** ms from the first instruction of COMMAND to its end, while pgfaultmap records it. */
async function sectionUnderTool(command: readonly string[]): Promise<number> {
  const clock = 'from=$(date +%s%N); "$@" >&2; to=$(date +%s%N); echo "took $((to - from))" >&2';
  const { stderr } = await execa("node", [...TOOL, "-f", "-j", "--", "sh", "-c", clock, "sh", ...command]);
  return Number(/took (\d+)/.exec(stderr)?.[1]) / 1e6;
}
