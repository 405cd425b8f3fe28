import type { FaultClass, LatencyBucket, LatencySummary } from "../metric/record.ts";

/**
 * Latencies as bt/latency.bt counts them: the key is 8 * log2(ns) + the three bits below the first,
 * so a bucket is an eighth of a power of two wide.
 */
export interface LatencyCounts {
  /** Faults by key; one that was timed for 16 counts 16 fold. */
  buckets: Map<number, number>;
  /** How many were really timed. */
  timed: number;
  /** Nanoseconds in all, of the faults in the buckets. */
  sumNs: number;
  maxNs: number;
}

export const noLatency = (): LatencyCounts => ({ buckets: new Map(), timed: 0, sumNs: 0, maxNs: 0 });

/** Where a bucket begins, in ns: below 8 ns the value itself has fewer than three bits after the first. */
export function bucketStart(key: number): number {
  const exponent = Math.floor(key / 8);
  return 2 ** exponent * (1 + (key % 8) / 8);
}

const bucketEnd = (key: number): number => bucketStart(key) + 2 ** Math.floor(key / 8) / 8;

/** The faults that the timed ones stand for. */
export function weighed(counts: LatencyCounts): number {
  let total = 0;
  for (const n of counts.buckets.values()) total += n;
  return total;
}

/** What came in between two readings of one source. The maximum of a part is known only by its bucket. */
export function latencySince(now: LatencyCounts, before: LatencyCounts): LatencyCounts {
  const buckets = new Map<number, number>();
  let top = -1;
  for (const [key, n] of now.buckets) {
    const more = n - (before.buckets.get(key) ?? 0);
    if (more <= 0) continue;
    buckets.set(key, more);
    top = Math.max(top, key);
  }
  const newMax = now.maxNs > before.maxNs;
  const maxNs = top < 0 ? 0 : newMax ? now.maxNs : Math.min(now.maxNs, bucketEnd(top));
  return { buckets, timed: now.timed - before.timed, sumNs: now.sumNs - before.sumNs, maxNs };
}

export function addLatency(a: LatencyCounts, b: LatencyCounts): LatencyCounts {
  const buckets = new Map(a.buckets);
  for (const [key, n] of b.buckets) buckets.set(key, (buckets.get(key) ?? 0) + n);
  return { buckets, timed: a.timed + b.timed, sumNs: a.sumNs + b.sumNs, maxNs: Math.max(a.maxNs, b.maxNs) };
}

/** The value below which `share` of the timed faults lie, within an eighth: the middle of its bucket. */
export function percentile(counts: LatencyCounts, share: number): number | null {
  const total = weighed(counts);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(share * total));
  let seen = 0;
  for (const key of [...counts.buckets.keys()].sort((a, b) => a - b)) {
    seen += counts.buckets.get(key) ?? 0;
    if (seen >= rank) {
      return Math.min(Math.round((bucketStart(key) + bucketEnd(key)) / 2), counts.maxNs);
    }
  }
  return counts.maxNs;
}

export function summarize(counts: LatencyCounts): LatencySummary {
  const { timed: count } = counts;
  return {
    count,
    p50Ns: percentile(counts, 0.5),
    p90Ns: percentile(counts, 0.9),
    p99Ns: percentile(counts, 0.99),
    maxNs: count === 0 ? null : counts.maxNs,
  };
}

/** The log2 histogram, from the first to the last power of two that holds a fault. */
export function histogram(counts: Record<FaultClass, LatencyCounts>): LatencyBucket[] {
  const powers = new Map<number, { minor: number; major: number }>();
  for (const fault of ["minor", "major"] as const) {
    for (const [key, n] of counts[fault].buckets) {
      const power = Math.floor(key / 8);
      const row = powers.get(power) ?? { minor: 0, major: 0 };
      row[fault] += n;
      powers.set(power, row);
    }
  }
  if (powers.size === 0) return [];
  const first = Math.min(...powers.keys());
  const last = Math.max(...powers.keys());
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    fromNs: 2 ** (first + i),
    toNs: 2 ** (first + i + 1),
    ...(powers.get(first + i) ?? { minor: 0, major: 0 }),
  }));
}

/** Seconds that all faults took: those that were timed stand for those that were not. */
export function faultSeconds(counts: LatencyCounts, faults: number): number {
  const count = weighed(counts);
  return count === 0 ? 0 : (counts.sumNs / count) * faults * 1e-9;
}
