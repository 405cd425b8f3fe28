/** The page of pgfaultstat, from its records alone. */

import type { FaultRecord, LatencyBucket, SummaryRecord } from "../lib/metric/record.ts";
import { count } from "./browser/units.js";
import { choiceOf, WHOSE } from "./choice.ts";
import { type Series, seriesOf } from "./columns.ts";
import { booksSection, explanations } from "./fault-books.ts";
import { headerOf, noticesOf } from "./fault-header.ts";
import { runOf } from "./fault-run.ts";
import { metric, sentence } from "./metrics.ts";
import { BUSIEST, othersOf } from "./overview.ts";
import { page } from "./page.ts";
import { visible } from "./text.ts";

/** The charts: title, and what it takes to read them. */
const CHARTS = {
  overview: {
    title: "Faults per second of the busiest",
    help: "Minor and major faults together, those with the most faults in the run. Click a name to hide its line.",
  },
  minor: {
    title: sentence(`${metric("minorPerSecond").title} and ${metric("rss").title}`),
    help: "They found their page in memory: first touch, copy-on-write, page cache. Right axis: memory that the process has resident.",
  },
  major: {
    title: sentence(metric("majorPerSecond").title),
    help: "They waited for their page: from a file, from swap. On a scale of their own, since few of them cost much.",
  },
  latency: {
    title: "Fault latency",
    help: "Median and 99th percentile of each interval, from the entry of the fault to its completion. Logarithmic.",
  },
} as const;

export interface FaultPageOptions {
  /** One plain sentence on what the figures mean. */
  verdict?: string | null;
}

function figure(name: keyof typeof CHARTS): string {
  const { title, help } = CHARTS[name];
  return `<figure><figcaption><h3>${title}</h3><p>${help}</p></figcaption><div class="plot" data-place="${name}"></div></figure>`;
}

function charts(series: readonly Series[], samples: number): string {
  if (series.length === 0) {
    return `<section><h2>Over time</h2><p class="empty">No samples: no interval was completed, so there is nothing to draw. This does not mean that there were no faults.</p></section>`;
  }
  const kind = series.some(({ tid }) => tid !== null) ? "thread" : "process";
  const few = samples === 1 ? `<p class="empty">One sample only: the lines show one interval.</p>` : "";
  const overview =
    series.length > 1
      ? `<section><h2>${kind === "thread" ? "All threads" : "All processes"}</h2>${figure("overview")}</section>`
      : "";
  const latency = series.some((one) => one.latency !== null) ? figure("latency") : "";
  return `${overview}<section><h2>${series.length > 1 ? `One ${kind}` : "Over time"}</h2>
${choiceOf(
  series.map(({ name, faults }) => `${name}: ${count(faults)} faults`),
  kind === "thread" ? "Thread" : "Process",
)}${few}
${figure("minor")}${figure("major")}${latency}
<p class="hint">Drag to zoom all charts, double-click to see the whole run. A line is level over the interval it was counted in; a break means that nothing was sampled.</p></section>`;
}

/** What the browser draws of a summary, the empty ends of the histogram left out. */
function detailOf({ pid, comm, histogram, types }: SummaryRecord) {
  return {
    name: `${visible(comm)} ${pid}`,
    histogram: histogram ? trimmed(histogram) : null,
    types: types ?? null,
  };
}

function trimmed(histogram: readonly LatencyBucket[]): LatencyBucket[] | null {
  const filled = ({ minor, major }: LatencyBucket) => minor + major > 0;
  const first = histogram.findIndex(filled);
  if (first < 0) return null;
  return histogram.slice(first, histogram.findLastIndex(filled) + 1);
}

/**
 * A complete HTML document that needs no other file and no network.
 *
 * Works on what there is: records of a run that was cut have no summary, a run that was too short
 * has no samples.
 */
export function faultPage(
  records: readonly FaultRecord[],
  { verdict = null }: FaultPageOptions = {},
): string {
  const run = runOf(records);
  const series = seriesOf(run.samples, run.origin);
  const target = run.start?.target ?? "an unknown target";
  return page({
    title: `Page faults of ${visible(target)}`,
    styles: ["histogram"],
    entry: "fault-page.js",
    body: `<main>
${headerOf(run, verdict)}
${noticesOf(run)}
${charts(series, run.samples.length)}
<section hidden><h2>Distribution of fault latency ${WHOSE}</h2><div data-place="histogram"></div></section>
<section hidden><h2>What the accesses were ${WHOSE}</h2><div data-place="types"></div></section>
${booksSection(run)}
${explanations()}
</main>`,
    data: {
      faults: {
        origin: run.origin,
        end: run.seconds,
        busiest: BUSIEST,
        series,
        others: othersOf(run.samples, series, run.origin),
        summaries: Object.fromEntries(run.summaries.map((summary) => [summary.pid, detailOf(summary)])),
      },
    },
  });
}
