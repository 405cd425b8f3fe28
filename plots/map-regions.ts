/** The regions of a process as a table: where it faults, and how it walks there. */

import type { RegionRecord } from "../lib/metric/map-record.ts";
import { bytes, count, percent, plain } from "./browser/units.js";
import { type CostColumn, costColumns } from "./map-cost.ts";
import type { MapProcess } from "./map-run.ts";
import { html } from "./text.ts";

/** A page of thousands of rows helps nobody. */
const ROWS = 500;

type Title = readonly [title: string, help: string, align: "name" | ""];

/** The columns with what they mean; a name has none to explain. */
const COLUMNS: readonly Title[] = [
  ["region", "", "name"],
  ["kind", "", "name"],
  ["access", "Permissions of the first mapping: read, write, execute; p private, s shared.", "name"],
  ["minor", "Faults that found their page in memory.", ""],
  ["major", "Faults that waited for their page: from a file, from swap.", ""],
  ["share", "Share of all faults of the process.", ""],
  ["pages", "Distinct pages that faulted.", ""],
  ["touched", "Share of the region's pages that faulted.", ""],
  ["refaults", "Faults of a page that had faulted before and was gone again.", ""],
  ["pattern", "The order in which the faults walk through the region, and how sure that is.", "name"],
];

/** "strided by 16 pages, 92 %": the walk beneath a thrashing pattern is named, too. */
function patternText({ pattern, order, stride, confidence, evidence }: RegionRecord): string {
  if (pattern === null) return evidence.steps === null ? "unknown" : "too few faults";
  const walk = pattern === "thrashing" && order !== null ? `, ${order}` : "";
  const by = stride === null ? "" : ` by ${count(stride)} pages`;
  return `${pattern}${walk}${by}, ${percent(confidence)}`;
}

function evidenceText({ evidence, phases, pattern }: RegionRecord): string {
  const { steps, fitting, up, streams, refaultShare, refaultDistance, upgrades, touchedShare } = evidence;
  const parts = [
    steps === null ? "the order of faults was not recorded" : `${count(steps)} steps`,
    fitting === null ? null : `${percent(fitting)} go on with a walk`,
    up === null ? null : `${percent(up)} go up`,
    streams !== null && streams > 0 ? `${count(streams)} walks at once` : null,
    refaultShare > 0 ? `${percent(refaultShare)} of the faults are refaults` : null,
    refaultDistance === null ? null : `a page comes back after ${plain(refaultDistance)} faults (median)`,
    upgrades > 0 ? `${count(upgrades)} first writes after a read or copies after fork` : null,
    `${percent(touchedShare)} of the pages between the lowest and the highest`,
  ];
  const said = parts.filter((part) => part !== null).join("; ");
  const changes =
    phases.length > 1 ? ` Phases: ${phases.map((phase) => phase.pattern ?? "unclear").join(", ")}.` : "";
  return `${pattern === null ? "Not judged" : "Evidence"}: ${said}.${changes}`;
}

function number(value: number | null, text: (value: number | null) => string = count): string {
  return `<td class="number${value === 0 ? " zero" : ""}">${text(value)}</td>`;
}

function rowOf(region: RegionRecord, index: number, total: number, costs: readonly CostColumn[]): string {
  const size = bytes(Number(region.end) - Number(region.start));
  const where = `${region.start} \u2013 ${region.end}${region.path === null ? "" : `, ${region.path}`}`;
  const often =
    (region.mappings ?? 1) > 1 ? ` <span class="pid">mapped ${count(region.mappings)} times</span>` : "";
  const gone = region.vanished ? ' <span class="pid">gone</span>' : "";
  return `<tr data-region="${index}"><th scope="row" class="name" title="${html(where)}"><bdi>${html(region.name)}</bdi> <span class="pid">${size}</span>${often}${gone}</th>
<td class="name">${html(region.kind)}</td><td class="name"><code>${html(region.permissions)}</code></td>${number(region.minor)}${number(region.major)}${number(
    total > 0 ? (region.minor + region.major) / total : null,
    percent,
  )}${number(region.pages)}${number(region.touchedShare, percent)}${number(region.refaults)}${costs.map(({ value, text }) => number(value(region), text)).join("")}<td class="name term${region.pattern === null ? " zero" : ""}" title="${html(evidenceText(region))}">${html(patternText(region))}</td></tr>`;
}

/** Before the last column, which is as wide as its words. */
function withCosts(costs: readonly CostColumn[]): Title[] {
  return COLUMNS.toSpliced(-1, 0, ...costs.map(({ title, help }): Title => [title, help, ""]));
}

function head(costs: readonly CostColumn[]): string {
  return withCosts(costs)
    .map(([title, help, align]) => {
      const classes = [align, help === "" ? "" : "term"].filter((name) => name !== "").join(" ");
      return `<th scope="col"${classes === "" ? "" : ` class="${classes}"`}${help === "" ? "" : ` title="${help}"`}>${title}</th>`;
    })
    .join("");
}

/** One table for each process; the browser shows the one that was chosen. */
export function regionTables(processes: readonly MapProcess[]): string {
  return processes
    .map(({ regions, faults }, index) => {
      const hidden = index === 0 ? "" : " hidden";
      if (regions.length === 0) {
        return `<p class="empty" data-process="${index}"${hidden}>No region: no fault of this process was recorded.</p>`;
      }
      const costs = costColumns(regions);
      const more = regions.length - ROWS;
      const rest = more > 0 ? `<p class="hint">${count(more)} more regions with fewer faults.</p>` : "";
      return `<div data-process="${index}"${hidden}><div class="wide"><table class="regions"><thead><tr>${head(costs)}</tr></thead>
<tbody>${regions
        .slice(0, ROWS)
        .map((region, row) => rowOf(region, row, faults, costs))
        .join("\n")}</tbody></table></div>${rest}</div>`;
    })
    .join("\n");
}

/** The words of the table explained, for print and for those without a mouse. */
export function regionTerms(processes: readonly MapProcess[]): (readonly [string, string])[] {
  const costs = costColumns(processes.flatMap(({ regions }) => regions));
  return withCosts(costs).flatMap(([title, help]) => (help === "" ? [] : [[title, help] as const]));
}
