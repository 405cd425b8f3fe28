/** The page of wss, from its records alone. */

import type { WssRecord } from "../lib/metric/wss-record.ts";
import { FAULTING } from "../lib/wss/method.ts";
import { bytes, count } from "./browser/units.js";
import { choiceOf, WHOSE } from "./choice.ts";
import { termsSection } from "./fault-books.ts";
import { noticesOf } from "./fault-header.ts";
import { BUSIEST } from "./overview.ts";
import { page } from "./page.ts";
import { html, visible } from "./text.ts";
import { type WssData, wssData } from "./wss-data.ts";
import { wssHeader } from "./wss-header.ts";
import { LIMIT_TERMS, limitSection } from "./wss-limit.ts";
import { wssRegions, wssRegionTerms } from "./wss-regions.ts";
import { type WssRun, wssRunOf } from "./wss-run.ts";

const figure = (name: string, title: string, help: string): string =>
  `<figure data-figure="${name}"><figcaption><h3>${title}</h3><p>${help}</p></figcaption><div class="plot" data-place="${name}"></div></figure>`;

const STRIPES =
  '<i class="dot stall"></i> Stripes: pages were being marked, page faults of the process had to wait.';

const EMPTY =
  "No samples: no window was completed, so there is nothing to draw. This does not mean that nothing was touched.";

function overview({ processes, methods }: WssRun): string {
  if (processes.filter(({ samples }) => samples.length > 0).length < 2) return "";
  const by = methods.length > 1 ? ` By ${html(methods[0] ?? "")}.` : "";
  const few = processes.length > BUSIEST ? `The ${BUSIEST} largest of ${count(processes.length)}.` : "";
  return `<section><h2>All processes</h2>${figure(
    "overview",
    "Working sets",
    `What each touched in its windows. ${few}${by} Click a name to hide its line.`,
  )}</section>`;
}

function charts(run: WssRun, choice: string): string {
  const { processes, start, methods } = run;
  const curves = processes.some((one) => one.curves.some(({ points }) => points.length > 0));
  const samples = processes.some((one) => one.samples.length > 0);
  if (!samples && (curves || start?.windows)) return "";
  if (!samples) return `<section><h2>Over time</h2><p class="empty">${EMPTY}</p></section>`;
  const single = processes.every((one) => one.samples.length < 2);
  return `${overview(run)}<section><h2>Over time ${WHOSE}</h2>
${choice}${single ? '<p class="empty">One sample only: the lines show one window.</p>' : ""}
<p class="empty" data-place="no-samples" hidden>No window of this process was completed.</p>
${figure("sizes", "Working set and resident set", `Touched in each window, with the band that the truth lies in; resident, proportional and swapped memory. ${STRIPES}`)}
${figure("faults", "Page faults per second", `Counted by the kernel for the whole process${causedBy(methods)}. Right axis: major faults, which waited for their page, on a scale of their own.`)}
<p class="hint">Drag to zoom all charts, double-click to see the whole run. A line is level over the window it was measured in; a break means that nothing was.</p></section>`;
}

/** Faults that the process would not have had alone, which methods make it take. */
function causedBy(methods: readonly string[]): string {
  const names = methods.filter((method) => FAULTING.has(method));
  return names.length === 0 ? "" : `, with those that ${html(names.join(" and "))} caused`;
}

function curveSection({ processes, start }: WssRun, choice: string): string {
  const curves = processes.flatMap((one) => one.curves);
  if (curves.length === 0 && !start?.windows) return "";
  if (!curves.some(({ points }) => points.length > 0))
    return `<section><h2>Working set by window length</h2><p class="empty">${EMPTY}</p></section>`;
  return `<section><h2>Working set by window length ${WHOSE}</h2>
${choice}<p class="empty" data-place="no-curve" hidden>No curve of this process.</p>
${figure("curve", "Touched within a window", "Median of the epochs, the least and the most of them; the band is what the truth lies in. The window is logarithmic. Where the line is flat, a longer window finds nothing new.")}
${curveTables(processes)}</section>`;
}

function curveTables(processes: WssRun["processes"]): string {
  return processes
    .map(({ curves }, index) => {
      const parts = curves.map(({ method, points, epochs }) => {
        const rows = points.map(
          (point) =>
            `<tr><th scope="row">${html(windowText(point.seconds))}</th>${[point.wssMedian, point.wssMin, point.wssMax, point.wssLow, point.wssHigh, point.rss].map((value) => `<td class="number">${bytes(value)}</td>`).join("")}<td class="number">${count(point.epochs)}</td></tr>`,
        );
        const titles = ["window", "WSS", "least", "most", "low", "high", "RSS", "epochs"];
        return `<h3>${html(method)}, ${count(epochs)} ${epochs === 1 ? "epoch" : "epochs"}</h3><div class="wide"><table><thead><tr>${titles.map((title) => `<th scope="col">${title}</th>`).join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
      });
      return `<div data-process="${index}"${index === 0 ? "" : " hidden"}>${parts.join("\n")}</div>`;
    })
    .join("\n");
}

const windowText = (seconds: number): string =>
  seconds < 1 ? `${Number((seconds * 1000).toPrecision(3))} ms` : `${Number(seconds.toPrecision(3))} s`;

function regionSection({ processes, methods }: WssRun): string {
  if (processes.every(({ regions }) => regions.length === 0)) return "";
  return `<section><h2>Mappings ${WHOSE}</h2>${wssRegions(processes, methods)}</section>`;
}

const TERMS: readonly (readonly [string, string])[] = [
  [
    "working set (WSS)",
    "Memory that was touched within a window. It means nothing without the window: a longer one finds more.",
  ],
  ["low, high", "The truth lies between them: what the method is certain of, and what it cannot exclude."],
  ["resident set (RSS)", "Memory of the process that is present, touched or not."],
  ["PSS", "The same, with what several processes share divided among them."],
  ["swap", "Memory of the process that was moved out."],
  ["window", "As it really was: from the middle of the marking to the middle of the reading."],
  [
    "minor, major fault",
    "A minor fault found its page in memory, a major one waited for it: from a file, from swap.",
  ],
];
const CURVE_TERMS: readonly (readonly [string, string])[] = [
  ["epoch", "Pages are marked once, then read after each window; marking again begins the next epoch."],
];

function notices({ start, errors, closing, refusals }: WssRun): string {
  const degraded = [...(start?.degraded ?? []), ...refusals];
  return noticesOf(
    { start: { degraded }, errors, summaries: closing },
    "the recording ends before its summary",
  );
}

/** A complete HTML document that needs no other file and no network; works on what records there are. */
export function wssPage(records: readonly WssRecord[]): string {
  const run = wssRunOf(records);
  const { processes, methods, origin, seconds } = run;
  const first = charts(run, choiceText(run));
  const curve = curveSection(run, first === "" ? choiceText(run) : "");
  const regions = regionSection(run);
  return page({
    title: `The working set of ${visible(run.start?.target ?? "an unknown target")}`,
    styles: [],
    entry: "wss-page.js",
    body: `<main>
${wssHeader(run)}
${notices(run)}
${limitSection(run.limits)}
${first}
${curve}
${regions}
${termsSection([
  ...TERMS,
  ...(curve === "" ? [] : CURVE_TERMS),
  ...(run.limits.length === 0 ? [] : LIMIT_TERMS),
  ...(regions === "" ? [] : wssRegionTerms),
])}
</main>`,
    data: {
      wss: {
        ...{ origin, end: seconds, busiest: BUSIEST, methods: methods.map(visible) },
        processes: processes.map((process): WssData => wssData(process, methods, origin)),
      },
    },
  });
}

const choiceText = ({ processes }: WssRun): string =>
  choiceOf(processes.map(({ name, median }) => `${name}: ${bytes(median)}`));
