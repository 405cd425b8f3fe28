const LEVELS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588";

/**
 * Values as a line of bars from 0 to the largest; more values than columns are taken together by their
 * largest, so that no peak is lost.
 */
export function sparkline(values: readonly number[], columns: number): string {
  const most = values.reduce((largest, value) => Math.max(largest, value), 0);
  const width = Math.min(columns, values.length);
  return Array.from({ length: width }, (_, i) => {
    const from = Math.floor((i * values.length) / width);
    const to = Math.max(from + 1, Math.floor(((i + 1) * values.length) / width));
    const value = Math.max(...values.slice(from, to));
    const level = most === 0 ? 0 : Math.round((value / most) * (LEVELS.length - 1));
    return LEVELS[level];
  }).join("");
}
