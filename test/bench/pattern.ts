/**
 * What a fault costs the pattern verdict, and how
 * large it gets. Each walk is taken by a fresh RegionPattern in each round; the median round is printed.
 */
import { RegionPattern } from "../../lib/fault/pattern/region-pattern.ts";
import { randomFrom } from "../fault/pattern/walks.ts";
import { median } from "./median.ts";

/** Pages of a terabyte. */
const TERABYTE = 2 ** 28;

type Fill = (pages: Float64Array, tids: Int32Array) => void;
const eachPage =
  (page: (i: number) => number, tid: (i: number) => number = () => 1): Fill =>
  (pages, tids) => {
    for (let i = 0; i < pages.length; i++) {
      pages[i] = page(i);
      tids[i] = tid(i);
    }
  };

const below = randomFrom(1);

function walksOf(faults: number): Record<string, Fill> {
  const part = Math.ceil(faults / 64);
  return {
    sequential: eachPage((i) => i),
    "sequential, by address": eachPage((i) => 0x7f0000000 + i),
    reverse: eachPage((i) => faults - 1 - i),
    "stride of 7 pages": eachPage((i) => i * 7),
    "thrash, a million pages": eachPage((i) => i % 1e6),
    "4 walks in turns": eachPage((i) => (i % 4) * faults + Math.floor(i / 4)),
    "64 threads in turns": eachPage(
      (i) => (i % 64) * part + Math.floor(i / 64),
      (i) => i % 64,
    ),
    "random, 4 GiB": eachPage(() => below(2 ** 20)),
    "random, a terabyte": eachPage(() => below(TERABYTE)),
    "one page in 128, a terabyte": eachPage((i) => (i * 128) % TERABYTE),
  };
}

/** @param args millions of faults (10), and rounds (3) */
export async function run([millions = "10", times = "3"]: readonly string[]): Promise<void> {
  const [faults, rounds] = [Number(millions) * 1e6, Number(times)];
  const pages = new Float64Array(faults);
  const tids = new Int32Array(faults);
  console.log(`\n${millions} million faults, median of ${rounds} rounds\n`);
  console.log("walk                          ns/fault    MiB  pattern");
  for (const [name, fill] of Object.entries(walksOf(faults))) {
    fill(pages, tids);
    const took: number[] = [];
    let region = new RegionPattern();
    for (let round = 0; round < rounds; round++) {
      region = new RegionPattern();
      const start = process.hrtime.bigint();
      for (let i = 0; i < faults; i++) region.fault(pages[i] ?? 0, tids[i] ?? 0, false);
      took.push(Number(process.hrtime.bigint() - start) / faults);
    }
    const { pattern } = region.verdict(TERABYTE);
    const mib = (region.bytes / 2 ** 20).toFixed(0);
    console.log(`${name.padEnd(28)} ${median(took).toFixed(0).padStart(9)} ${mib.padStart(6)}  ${pattern}`);
  }
}
