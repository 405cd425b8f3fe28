import { formatBytes } from "../../lib/term/units.ts";
import { make } from "../helpers-c/programs.ts";
import { idleCost } from "./idle.ts";
import { OBSERVERS } from "./observers.ts";

/**
 * `npm run bench -- [ROUNDS [PATTERN]]`: what it costs to be watched, side by side. All observers take turns in
 * each round, so that what else the machine does meets all of them; medians and ratios are printed.
 */
const rounds = Number(process.argv[2] ?? 5);
const pattern = new RegExp(process.argv[3] ?? "");
const observers = OBSERVERS.filter(({ name }) => pattern.test(name));

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

await make();
const figures = new Map<string, number[]>(observers.map(({ name }) => [name, []]));
for (let round = 1; round <= rounds; round++) {
  process.stderr.write(`round ${round} of ${rounds}\n`);
  for (const { name, run } of observers) figures.get(name)?.push(await run());
}
const of = (name: string): number => median(figures.get(name) ?? []);
const [bare, liner] = [of("nothing"), of("bpftrace one-liner, two probes")];

console.log(`first touch of 100,000 pages, median of ${rounds} interleaved rounds\n`);
console.log("watched by                        ns/fault  of bare  of the one-liner");
for (const name of figures.keys()) {
  const ns = of(name);
  console.log(
    `${name.padEnd(32)} ${ns.toFixed(0).padStart(9)} ${(ns / bare).toFixed(2).padStart(8)} ${(ns / liner).toFixed(2).padStart(17)}`,
  );
}

if (process.argv[3] === undefined) await printIdle();

async function printIdle(): Promise<void> {
  console.log("\nwatching a process that sleeps, all processes of the tool together\n");
  console.log("source                 first row after   CPU of one     PSS");
  for (const via of ["bpftrace", "counters", "perf", "proc"]) {
    const { startSeconds, cpuShare, pss } = await idleCost("--via", via);
    const start = `1 s + ${startSeconds.toFixed(2)} s`;
    console.log(
      `${via.padEnd(22)} ${start.padStart(15)} ${(100 * cpuShare).toFixed(2).padStart(10)} % ${formatBytes(pss).padStart(7)}`,
    );
  }
}
