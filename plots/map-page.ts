/** The page of pgfaultmap, from its records alone. */

import type { MapRecord } from "../lib/metric/map-record.ts";
import { bytes, count, nanoseconds } from "./browser/units.js";
import { choiceOf, WHOSE } from "./choice.ts";
import { booksSection, explanations } from "./fault-books.ts";
import { noticesOf } from "./fault-header.ts";
import { hasTypes, processData } from "./heat-data.ts";
import { functionSection } from "./map-functions.ts";
import { mapHeader } from "./map-header.ts";
import { regionTables, regionTerms } from "./map-regions.ts";
import { type MapProcess, type MapRun, mapRunOf } from "./map-run.ts";
import { page } from "./page.ts";
import { visible } from "./text.ts";

const chosen = (processes: readonly MapProcess[]): string =>
  choiceOf(processes.map(({ name, faults }) => `${name}: ${count(faults)} faults`));

/** What a cell is, in words: "64 KiB by 15.6 ms". */
function grain({ heat }: MapProcess): string {
  return heat === null ? "" : `${bytes(heat.blockBytes)} by ${nanoseconds(heat.binSeconds * 1e9)}`;
}

/** What the colours count: one thing at a time, major faults on top of it. */
function layersOf(processes: readonly MapProcess[]): string {
  const typed = processes.some(({ heat }) => heat !== null && hasTypes(heat));
  const counted = typed
    ? `<select data-place="counted" aria-label="what the colours count"><option value="minor">minor faults</option><option value="write">writes</option><option value="copyOnWrite">copies on write</option></select>`
    : "minor";
  return `<div class="layers"><label><input type="checkbox" data-layer="minor" checked> ${typed ? "colours:" : counted}</label>${typed ? counted : ""}<span class="ramp" data-place="ramp"></span><label><input type="checkbox" data-layer="major" checked> <i class="dot" style="background: var(--major)"></i>major</label><label data-place="all" hidden><input type="checkbox" data-place="all-box"> <span data-place="all-text"></span></label></div>`;
}

function heatSection({ processes }: MapRun): string {
  if (!processes.some(({ heat }) => heat !== null && heat.cells.length > 0)) {
    return `<section><h2>Address and time</h2>${chosen(processes)}<p class="empty">No heat map: the recording says of no fault where and when it was. This does not mean that there were none.</p></section>`;
  }
  const grains = processes.map(
    (process) => `<span data-process="${processes.indexOf(process)}" hidden>${grain(process)}</span>`,
  );
  return `<section><h2>Address and time ${WHOSE}</h2>
${chosen(processes)}
<p class="empty" data-place="no-heat" hidden>No heat map: nothing was recorded of where and when this process faulted.</p>
<figure data-place="heat-figure"><figcaption><h3>Where and when</h3><p>Low addresses at the bottom; each band is a region, or regions that shared addresses; what did not fault is left out (dotted: inside a region). A cell is ${grains.join("")}.</p></figcaption>
${layersOf(processes)}
<div class="plot heat" data-place="heat"></div></figure>
<figure data-place="rate-figure"><figcaption><h3>Faults per second</h3><p>The sums of the map's columns. Right axis: major faults, on a scale of their own.</p></figcaption><div class="plot" data-place="rate"></div></figure>
<p class="hint">Drag to zoom, across for time, down for addresses; double-click to see everything.</p></section>`;
}

/** A complete HTML document that needs no other file and no network; works on what records there are. */
export function mapPage(records: readonly MapRecord[]): string {
  const run = mapRunOf(records);
  return page({
    title: `Where ${visible(run.start?.target ?? "an unknown target")} faults`,
    styles: ["heat"],
    entry: "map-page.js",
    body: `<main>
${mapHeader(run)}
${noticesOf(run)}
${heatSection(run)}
<section><h2>Regions ${WHOSE}</h2>${run.processes.length === 0 ? '<p class="empty">No regions.</p>' : regionTables(run.processes)}</section>
${functionSection(run.processes, WHOSE)}
${booksSection({ summaries: run.summaries })}
${explanations(regionTerms(run.processes))}
</main>`,
    data: {
      map: {
        origin: run.origin,
        end: run.seconds,
        processes: run.processes.map((process) => processData(process, run.origin, run.seconds)),
      },
    },
  });
}
