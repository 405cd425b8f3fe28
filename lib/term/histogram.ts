import type { LatencyBucket } from "../metric/record.ts";
import { formatBinary, formatDigits } from "./units.ts";

const BAR = 30;

/** The histogram in the look of bpftrace and bcc: one line a power of two of ns, bars to scale within a class. */
export function histogramLines(buckets: readonly LatencyBucket[], fault: "minor" | "major"): string[] {
  const used = buckets.filter((bucket) => bucket[fault] > 0);
  const first = used[0];
  const last = used.at(-1);
  if (first === undefined || last === undefined) return [];
  const most = Math.max(...used.map((bucket) => bucket[fault]));
  return buckets
    .filter((bucket) => bucket.fromNs >= first.fromNs && bucket.fromNs <= last.fromNs)
    .map((bucket) => {
      const range = `[${formatBinary(bucket.fromNs)}, ${formatBinary(bucket.toNs)})`;
      const bar = "@".repeat(Math.round((BAR * bucket[fault]) / most));
      return `${range.padEnd(15)} ${formatDigits(bucket[fault]).padStart(11)} |${bar.padEnd(BAR)}|`;
    });
}
