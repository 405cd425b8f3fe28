/** The functions of a process that took its faults, as a table. */

import type { FunctionRecord } from "../lib/metric/map-record.ts";
import { count, percent } from "./browser/units.js";
import type { MapProcess } from "./map-run.ts";
import { html } from "./text.ts";

/** What is below has few faults; the records have it. */
const ROWS = 20;

const HEAD = `<thead><tr><th scope="col" class="name">function</th><th scope="col" class="name">file</th><th scope="col">minor</th><th scope="col">major</th><th scope="col">share</th><th scope="col" class="name term" title="The region that it faulted in most.">mostly in</th></tr></thead>`;

/** "libc.so.6" of a path; "[kernel]" as it is. */
const shortName = (file: string): string => file.slice(file.lastIndexOf("/") + 1);

const number = (value: number, text: string): string =>
  `<td class="number${value === 0 ? " zero" : ""}">${text}</td>`;

function rowOf({ function: name, file, minor, major, share, region, regionStart }: FunctionRecord): string {
  const where = region === null ? "" : `<bdi>${html(region)}</bdi>`;
  return `<tr><th scope="row" class="name function" title="${html(name)}"><bdi>${html(name)}</bdi></th>
<td class="name" title="${html(file ?? "in no known file")}"><bdi>${html(shortName(file ?? ""))}</bdi></td>${number(minor, count(minor))}${number(major, count(major))}${number(share, percent(share))}<td class="name" title="${html(regionStart ?? "")}">${where}</td></tr>`;
}

/** A section with one table for each process; the browser shows the one that was chosen. Empty without any function. */
export function functionSection(processes: readonly MapProcess[], whose: string): string {
  if (processes.every(({ functions }) => functions.length === 0)) return "";
  const tables = processes.map(({ functions }, index) => {
    const hidden = index === 0 ? "" : " hidden";
    if (functions.length === 0)
      return `<p class="empty" data-process="${index}"${hidden}>Nothing was recorded of who took the faults.</p>`;
    return `<div class="wide" data-process="${index}"${hidden}><table class="regions">${HEAD}
<tbody>${functions.slice(0, ROWS).map(rowOf).join("\n")}</tbody></table></div>`;
  });
  return `<section><h2>Functions ${whose}</h2>${tables.join("\n")}
<p class="hint">A function in brackets stands for code of that file without a symbol.</p></section>`;
}
