import { type LatencyCounts, noLatency } from "./latency.ts";

/** Buckets at first: up to 65 us; they double as longer latencies come. */
const FIRST_BUCKETS = 128;

/** The bucket of a latency, as bt/latency.bt has it: 8 * log2(ns) + the three bits below the first. */
export function bucketOf(ns: number): number {
  if (ns < 8) return ns < 1 ? 0 : 8 * (31 - Math.clz32(ns));
  const shift = Math.max(0, Math.floor(Math.log2(ns)) - 30);
  const top = Math.floor(ns / 2 ** shift);
  const exponent = 31 - Math.clz32(top);
  return 8 * (exponent + shift) + ((top >>> (exponent - 3)) & 7);
}

/** Latencies of single faults, gathered without an object for each. */
export class LatencyHistogram {
  #buckets = new Float64Array(FIRST_BUCKETS);
  #count = 0;
  #sumNs = 0;
  #maxNs = 0;

  /** One that is not known (NaN) is left out. */
  add(ns: number): void {
    if (!(ns >= 0)) return;
    const bucket = bucketOf(ns);
    if (bucket >= this.#buckets.length) this.#grow(bucket);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count++;
    this.#sumNs += ns;
    if (ns > this.#maxNs) this.#maxNs = ns;
  }

  absorb(other: LatencyHistogram): void {
    if (other.#buckets.length > this.#buckets.length) this.#grow(other.#buckets.length - 1);
    for (const [bucket, n] of other.#buckets.entries())
      this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + n;
    this.#count += other.#count;
    this.#sumNs += other.#sumNs;
    this.#maxNs = Math.max(this.#maxNs, other.#maxNs);
  }

  counts(): LatencyCounts {
    const counts = noLatency();
    this.#buckets.forEach((n, key) => {
      if (n > 0) counts.buckets.set(key, n);
    });
    return { ...counts, timed: this.#count, sumNs: this.#sumNs, maxNs: this.#maxNs };
  }

  #grow(bucket: number): void {
    const larger = new Float64Array(2 ** Math.ceil(Math.log2(bucket + 1)));
    larger.set(this.#buckets);
    this.#buckets = larger;
  }
}
