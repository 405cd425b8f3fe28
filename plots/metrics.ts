/** Names from the registry, as a page writes them. */

import { type Metric, SAMPLE_METRICS } from "../lib/metric/registry.ts";

export function metric(name: string): Metric {
  const found = SAMPLE_METRICS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no metric is named ${name}`);
  return found;
}

/** "rate over the interval" -> "Rate over the interval". */
export function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
