/** The top of the page of pgfaultmap: what was traced, what it means, the figures. */

import { count, elapsed } from "./browser/units.js";
import { ENDED, moment } from "./fault-header.ts";
import type { MapRun } from "./map-run.ts";
import { html } from "./text.ts";

function facts({ start, processes, summaries, origin, seconds }: MapRun): [string, string][] {
  const ended = [...new Set(summaries.map(({ endedBy }) => ENDED[endedBy] ?? endedBy))];
  const status = summaries.find(({ exitStatus }) => exitStatus !== null)?.exitStatus ?? null;
  const names = processes.map(({ name }) => name);
  const rows: [string, string][] = [
    ["Traced", start ? start.target : "unknown: the recording has no start"],
    ["Process", names.length > 6 ? `${count(names.length)} processes` : names.join(", ")],
    ["From", moment(origin)],
    ["To", `${moment(origin + seconds)} (${elapsed(seconds)})`],
    ["Source", start ? start.source : ""],
    ["Ended", ended.join(", ") + (status === null ? "" : `; the command's exit status was ${status}`)],
    ["Written by", start ? `${start.tool} ${start.version}` : ""],
  ];
  return rows.filter(([, text]) => text !== "");
}

function tiles({ processes, summaries, seconds }: MapRun): [string, string, string][] {
  const regions = processes.flatMap((process) => process.regions);
  const counted = summaries.length > 0 ? summaries : regions;
  const sum = (key: "minor" | "major") => counted.reduce((total, one) => total + one[key], 0);
  return [
    ["minor faults", count(sum("minor")), "minor"],
    ["major faults", count(sum("major")), "major"],
    [regions.length === 1 ? "region" : "regions", count(regions.length), ""],
    ["traced", elapsed(Number(seconds.toFixed(2))), ""],
  ];
}

/** Sentences beyond this many help nobody; the tables have the rest. */
const VERDICTS = 5;

function verdicts({ processes }: MapRun): string {
  const said = processes.filter(({ summary }) => summary !== null);
  const named = said.length > 1;
  const lines = said.slice(0, VERDICTS).map(({ name, summary }) => {
    const whose = named ? `<b><bdi>${html(name)}</bdi></b>: ` : "";
    return `<p class="verdict">${whose}${html(summary?.verdict ?? "")}</p>`;
  });
  const more = said.length - VERDICTS;
  if (more > 0) lines.push(`<p class="hint">${count(more)} more processes with fewer faults.</p>`);
  return lines.join("\n");
}

export function mapHeader(run: MapRun): string {
  return `<header>
<h1>Where <bdi>${html(run.start?.target ?? "an unknown target")}</bdi> faults</h1>
${verdicts(run)}
<ul class="tiles">${tiles(run)
    .map(([label, text, tint]) => `<li class="${tint}"><strong>${text}</strong><span>${label}</span></li>`)
    .join("")}</ul>
<dl class="facts">${facts(run)
    .map(([name, text]) => `<div><dt>${name}</dt><dd><bdi>${html(text)}</bdi></dd></div>`)
    .join("")}</dl>
</header>`;
}
