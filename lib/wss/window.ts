/** When something was done: performance.now() at its beginning and its end, ms. */
export interface Span {
  from: number;
  to: number;
}

/** Does it, and says when. */
export async function timed<Result>(action: () => Promise<Result>): Promise<{ result: Result; span: Span }> {
  const from = performance.now();
  const result = await action();
  return { result, span: { from, to: performance.now() } };
}

export const lengthOf = ({ from, to }: Span): number => (to - from) / 1000;

const middle = ({ from, to }: Span): number => (from + to) / 2;

/**
 * The window as it really was, seconds. Marking and reading walk through the pages one after the other: a page in
 * the middle was watched from the middle of the one to the middle of the other (the rule of Gregg's wss.pl).
 */
export const windowOf = (mark: Span, read: Span): number => (middle(read) - middle(mark)) / 1000;

/** A reading of performance.now() as Unix seconds. */
export const wallClock = (ms: number): number => (Date.now() - (performance.now() - ms)) / 1000;

/** CLOCK_MONOTONIC, ns, when performance.now() was 0: both are the same clock. Of several attempts the tightest. */
const ORIGIN_NS = Array.from({ length: 16 }, () => {
  const before = process.hrtime.bigint();
  const now = performance.now();
  const took = Number(process.hrtime.bigint() - before);
  return { took, originNs: Number(before) + took / 2 - now * 1e6 };
}).reduce((best, one) => (one.took < best.took ? one : best)).originNs;

/** A time of CLOCK_MONOTONIC, ns, as a reading of performance.now(). */
export const fromMonotonic = (ns: number): number => (ns - ORIGIN_NS) / 1e6;

/** A reading of performance.now() as a time of CLOCK_MONOTONIC, ns. */
export const toMonotonic = (ms: number): number => Math.round(ORIGIN_NS + ms * 1e6);
