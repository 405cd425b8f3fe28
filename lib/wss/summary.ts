import type { EndedBy } from "../metric/record.ts";
import type { WssSampleRecord, WssSummaryRecord } from "../metric/wss-record.ts";
import { printable } from "../term/table.ts";
import { formatBytes, formatNs, formatShare } from "../term/units.ts";
import { WRITES_ONLY } from "./method.ts";

export interface Closing {
  endedBy: EndedBy;
  exitStatus: (pid: number) => number | null;
  time: number;
}

/** What the samples of one process under one method come to. */
interface Tally {
  last: WssSampleRecord;
  sizes: number[];
  seconds: number;
  costSeconds: number;
  low: number;
  high: number;
  rssMax: number;
  /** What the process had, in memory and in swap, at most. */
  held: number;
  untracked: number[];
}

/** Sums up samples as they come. */
export class Summaries {
  readonly #tallies = new Map<string, Tally>();

  add(sample: WssSampleRecord): void {
    const { pid, method, wss, seconds, costSeconds, wssLow, wssHigh, rss, swap, untracked } = sample;
    const key = `${pid} ${method}`;
    const known = this.#tallies.get(key);
    this.#tallies.set(key, {
      last: sample,
      sizes: known?.sizes ?? [],
      seconds: seconds + (known?.seconds ?? 0),
      costSeconds: costSeconds + (known?.costSeconds ?? 0),
      low: Math.min(wssLow, known?.low ?? wssLow),
      high: Math.max(wssHigh, known?.high ?? wssHigh),
      rssMax: Math.max(rss, known?.rssMax ?? 0),
      held: Math.max(rss + swap, known?.held ?? 0),
      untracked: known?.untracked ?? [],
    });
    this.#tallies.get(key)?.sizes.push(wss);
    this.#tallies.get(key)?.untracked.push(untracked);
  }

  /** One for each process and method, in the order they came. */
  records(closing: Closing): WssSummaryRecord[] {
    return [...this.#tallies.values()].map((tally) => summaryOf(tally, closing));
  }
}

function summaryOf(
  { last, sizes, seconds, costSeconds, low, high, rssMax, held, untracked }: Tally,
  { endedBy, exitStatus, time }: Closing,
): WssSummaryRecord {
  const fields = {
    pid: last.pid,
    comm: last.comm,
    method: last.method,
    seconds,
    samples: sizes.length,
    wssMin: sizes.reduce((least, value) => Math.min(least, value), Infinity),
    wssMedian: medianOf(sizes),
    wssMax: sizes.reduce((most, value) => Math.max(most, value), 0),
    wssLow: low,
    wssHigh: high,
    rssMax,
    costSeconds,
  };
  const verdict = verdictOf(fields, { held, untracked: medianOf(untracked) });
  return { type: "summary", time, ...fields, verdict, endedBy, exitStatus: exitStatus(last.pid) };
}

/** The lower one where there are two; 0 of nothing. */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

type Measured = Omit<WssSummaryRecord, "type" | "time" | "verdict" | "endedBy" | "exitStatus">;

/**
 * What was found, in plain words. It is a share of all that the process has, in swap too: refault leaves hardly more
 * resident than what was touched. Where more could not be told than was found, there is no figure but the bounds.
 */
function verdictOf(summary: Measured, { held, untracked }: { held: number; untracked: number }): string {
  const { samples, wssMedian, wssMin, wssMax, wssLow, wssHigh, rssMax, seconds, costSeconds } = summary;
  const window = seconds / samples;
  const who = `${printable(summary.comm, 15)} (pid ${summary.pid})`;
  const share = held > 0 ? wssMedian / held : null;
  const all = `${formatBytes(held)}${held > rssMax ? " (with swap)" : ""}`;
  const [least, most] = [formatBytes(wssMin), formatBytes(wssMax)];
  const range = least === most ? "" : ` (${least} to ${most} over ${samples} windows)`;
  const bounds =
    wssLow < wssMin || wssHigh > wssMax
      ? `; certain are at least ${formatBytes(wssLow)} and at most ${formatBytes(wssHigh)}`
      : "";
  const cost = formatNs((1e9 * costSeconds) / samples).replace(/[num]$/, "$&s");
  const does = WRITES_ONLY.has(summary.method) ? "writes" : "touches";
  const by = `By ${summary.method}; a window cost ${cost}.`;
  if (untracked > wssMedian)
    return `${who} ${does} between ${formatBytes(wssLow)} and ${formatBytes(wssHigh)} in ${window.toPrecision(2)} s: of ${formatBytes(untracked)} of its ${all} that cannot be told. ${by}`;
  return `${who} ${does} ${formatBytes(wssMedian)} in ${window.toPrecision(2)} s, ${formatShare(share)} of its ${all}${range}${bounds}. ${by}`;
}
