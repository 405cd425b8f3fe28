/** The page of pgfaultmap, from its records alone. */

import type { MapRecord } from "../lib/metric/map-record.ts";
import { style } from "./assets.ts";
import { bytes, count, nanoseconds } from "./browser/units.js";
import { booksSection, explanations } from "./fault-books.ts";
import { noticesOf } from "./fault-header.ts";
import { processData } from "./heat-data.ts";
import { mapHeader } from "./map-header.ts";
import { REGION_TERMS, regionTables } from "./map-regions.ts";
import { type MapProcess, type MapRun, mapRunOf } from "./map-run.ts";
import { page } from "./page.ts";
import { html, visible } from "./text.ts";

const STYLE = style("style.css");

/** The browser fills in the process that was chosen. */
const WHOSE = '<bdi class="whose" data-place="whose"></bdi>';

function choiceOf(processes: readonly MapProcess[]): string {
  if (processes.length < 2) return "";
  const options = processes.map(
    ({ name, faults }, index) => `<option value="${index}">${html(name)}: ${count(faults)} faults</option>`,
  );
  return `<p class="choice"><label>Process <select data-place="choice">${options.join("")}</select></label></p>`;
}

/** What a cell is, in words: "64 KiB by 15.6 ms". */
function grain({ heat }: MapProcess): string {
  return heat === null ? "" : `${bytes(heat.blockBytes)} by ${nanoseconds(heat.binSeconds * 1e9)}`;
}

function heatSection({ processes }: MapRun): string {
  if (!processes.some(({ heat }) => heat !== null && heat.cells.length > 0)) {
    return `<section><h2>Address and time</h2>${choiceOf(processes)}<p class="empty">No heat map: the recording says of no fault where and when it was. This does not mean that there were none.</p></section>`;
  }
  const grains = processes.map(
    (process) => `<span data-process="${processes.indexOf(process)}" hidden>${grain(process)}</span>`,
  );
  return `<section><h2>Address and time ${WHOSE}</h2>
${choiceOf(processes)}
<p class="empty" data-place="no-heat" hidden>No heat map: nothing was recorded of where and when this process faulted.</p>
<figure data-place="heat-figure"><figcaption><h3>Where and when</h3><p>Low addresses at the bottom; each band is a region, or regions that shared addresses; what did not fault is left out (dotted: inside a region). A cell is ${grains.join("")}.</p></figcaption>
<div class="layers"><label><input type="checkbox" data-layer="minor" checked> minor</label><span class="ramp" data-place="ramp"></span><label><input type="checkbox" data-layer="major" checked> <i class="dot" style="background: var(--major)"></i>major</label><label data-place="all" hidden><input type="checkbox" data-place="all-box"> <span data-place="all-text"></span></label></div>
<div class="plot heat" data-place="heat"></div></figure>
<figure data-place="rate-figure"><figcaption><h3>Faults per second</h3><p>The sums of the map's columns. Right axis: major faults, on a scale of their own.</p></figcaption><div class="plot" data-place="rate"></div></figure>
<p class="hint">Drag to zoom, across for time, down for addresses; double-click to see everything.</p></section>`;
}

/** A complete HTML document that needs no other file and no network; works on what records there are. */
export function mapPage(records: readonly MapRecord[]): string {
  const run = mapRunOf(records);
  return page({
    title: `Where ${visible(run.start?.target ?? "an unknown target")} faults`,
    style: STYLE,
    entry: "map-page.js",
    body: `<main>
${mapHeader(run)}
${noticesOf(run)}
${heatSection(run)}
<section><h2>Regions ${WHOSE}</h2>${run.processes.length === 0 ? '<p class="empty">No regions.</p>' : regionTables(run.processes)}</section>
${booksSection({ summaries: run.summaries })}
${explanations(REGION_TERMS)}
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
