/** What it costs to be watched, side by side: all observers take turns in each round, so that what else the machine does meets all. */
import { formatBytes } from "../../lib/term/units.ts";
import { idleCost } from "./idle.ts";
import { median } from "./median.ts";
import { OBSERVERS } from "./observers.ts";

/** @param args rounds (5), and a pattern of the names of observers */
export async function run([rounds = "5", pattern]: readonly string[]): Promise<void> {
  await printWatched(Number(rounds), new RegExp(pattern ?? ""));
  if (pattern === undefined) await printIdle();
}

async function printWatched(rounds: number, pattern: RegExp): Promise<void> {
  const observers = OBSERVERS.filter(({ name }) => pattern.test(name));
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
}

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
