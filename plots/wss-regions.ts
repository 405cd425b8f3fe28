/** The mappings of a process as a table: where its working set lies. */

import type { WssRegionRecord } from "../lib/metric/wss-record.ts";
import { bytes, count, percent } from "./browser/units.js";
import { html } from "./text.ts";
import type { WssProcess } from "./wss-run.ts";

/** A page of thousands of rows helps nobody. */
const ROWS = 200;

const COLUMNS: readonly (readonly [title: string, help: string, align: "name" | ""])[] = [
  ["mapping", "", "name"],
  ["kind", "", "name"],
  ["access", "Permissions: read, write, execute; p private, s shared.", "name"],
  ["WSS", "Touched in a window, median of the windows; one in which nothing was touched counts as 0.", ""],
  ["share", "Share of what all mappings have in the column WSS.", ""],
  ["at most", "The most that was touched in a window.", ""],
  ["low", "What the method is certain of, the least of the windows that show the mapping.", ""],
  ["high", "What it cannot exclude, the most of the windows.", ""],
  ["RSS", "Resident, the most of the windows.", ""],
];

interface Row {
  region: WssRegionRecord;
  median: number;
  most: number;
  low: number;
  high: number;
  rss: number;
}

/** A mapping over all windows of a method, the largest first. */
function rowsOf(regions: readonly WssRegionRecord[], windows: number): Row[] {
  const groups = new Map<string, WssRegionRecord[]>();
  for (const region of regions) {
    const key = `${region.start} ${region.permissions} ${region.name}`;
    const group = groups.get(key);
    if (group) group.push(region);
    else groups.set(key, [region]);
  }
  return [...groups.values()]
    .map((group) => {
      const sizes = [
        ...group.map(({ wss }) => wss),
        ...Array.from({ length: Math.max(0, windows - group.length) }, () => 0),
      ].sort((a, b) => a - b);
      const most = (key: "wssHigh" | "rss"): number => group.reduce((all, one) => Math.max(all, one[key]), 0);
      return {
        region: group.at(-1) as WssRegionRecord,
        median: sizes[Math.floor((sizes.length - 1) / 2)] ?? 0,
        most: sizes.at(-1) ?? 0,
        low: group.reduce((all, { wssLow }) => Math.min(all, wssLow), Infinity),
        high: most("wssHigh"),
        rss: most("rss"),
      };
    })
    .sort((a, b) => b.median - a.median || b.most - a.most || b.high - a.high);
}

const size = (value: number): string =>
  `<td class="number${value === 0 ? " zero" : ""}">${bytes(value)}</td>`;

function rowText({ region, median, most, low, high, rss }: Row, total: number): string {
  const { start, end, name, path, kind, permissions } = region;
  const where = `${start} \u2013 ${end}${path === null ? "" : `, ${path}`}`;
  const share = percent(total > 0 ? median / total : null);
  return `<tr><th scope="row" class="name" title="${html(where)}"><bdi>${html(name)}</bdi> <span class="pid">${html(start)}</span></th><td class="name">${html(kind)}</td><td class="name"><code>${html(permissions)}</code></td>${size(median)}<td class="number">${share}</td>${size(most)}${size(low)}${size(high)}${size(rss)}</tr>`;
}

const HEAD = COLUMNS.map(([title, help, align]) => {
  const classes = [align, help === "" ? "" : "term"].filter((name) => name !== "").join(" ");
  return `<th scope="col"${classes === "" ? "" : ` class="${classes}"`}${help === "" ? "" : ` title="${help}"`}>${title}</th>`;
}).join("");

function table(regions: readonly WssRegionRecord[], windows: number, method: string | null): string {
  const rows = rowsOf(regions, windows);
  const total = rows.reduce((sum, { median }) => sum + median, 0);
  const more = rows.length - ROWS;
  return `${method === null ? "" : `<h3>${html(method)}</h3>`}<div class="wide"><table class="regions"><thead><tr>${HEAD}</tr></thead>
<tbody>${rows
    .slice(0, ROWS)
    .map((row) => rowText(row, total))
    .join(
      "\n",
    )}</tbody></table></div>${more > 0 ? `<p class="hint">${count(more)} more mappings with less.</p>` : ""}`;
}

/** One part for each process, a table for each method; the browser shows the process that was chosen. */
export function wssRegions(processes: readonly WssProcess[], methods: readonly string[]): string {
  return processes
    .map(({ regions, samples }, index) => {
      const hidden = index === 0 ? "" : " hidden";
      const used = methods.filter((method) => regions.some((region) => region.method === method));
      if (used.length === 0)
        return `<p class="empty" data-process="${index}"${hidden}>No mapping of this process was touched.</p>`;
      const tables = used.map((method) =>
        table(
          regions.filter((region) => region.method === method),
          samples.filter((sample) => sample.method === method).length,
          methods.length > 1 ? method : null,
        ),
      );
      return `<div data-process="${index}"${hidden}>${tables.join("\n")}</div>`;
    })
    .join("\n");
}

export const wssRegionTerms: readonly (readonly [string, string])[] = COLUMNS.flatMap(([title, help]) =>
  help === "" || ["WSS", "RSS"].includes(title) ? [] : [[title, help] as const],
);
