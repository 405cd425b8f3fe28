/** The top of the page of pgfaultmap: what was traced, what it means, the figures. */

import { count, elapsed, nanoseconds } from "./browser/units.js";
import { ENDED, moment } from "./fault-header.ts";
import { header, verdictLine } from "./header.ts";
import type { MapRun } from "./map-run.ts";
import { html } from "./text.ts";

function facts({ start, processes, summaries, origin, seconds }: MapRun): [string, string][] {
  const ended = [...new Set(summaries.map(({ endedBy }) => ENDED[endedBy] ?? endedBy))];
  const status = summaries.find(({ exitStatus }) => exitStatus !== null)?.exitStatus ?? null;
  const names = processes.map(({ name }) => name);
  const all = Math.max(names.length, summaries.length);
  return [
    ["Traced", start ? start.target : "unknown: the recording has no start"],
    ["Process", names.length > 6 ? `${count(all)} processes` : names.join(", ")],
    ["From", moment(origin)],
    ["To", `${moment(origin + seconds)} (${elapsed(seconds)})`],
    ["Source", start ? start.source : ""],
    ["Left out of latency", leftOut(summaries)],
    ["Ended", ended.join(", ") + (status === null ? "" : `; the command's exit status was ${status}`)],
    ["Written by", start ? `${start.tool} ${start.version}` : ""],
  ];
}

/** With report --except. */
function leftOut(summaries: MapRun["summaries"]): string {
  const faults = summaries.reduce((total, { excepted }) => total + (excepted?.faults ?? 0), 0);
  const asked = summaries.some(({ excepted }) => excepted !== undefined);
  return asked ? `${count(faults)} faults, under way while wss marked pages` : "";
}

function tiles({ processes, summaries, seconds }: MapRun): [string, string, string][] {
  const regions = processes.flatMap((process) => process.regions);
  const counted = summaries.length > 0 ? summaries : regions;
  const sum = (key: "minor" | "major") => counted.reduce((total, one) => total + one[key], 0);
  return [
    ["minor faults", count(sum("minor")), "minor"],
    ["major faults", count(sum("major")), "major"],
    ...timeTile(summaries),
    [regions.length === 1 ? "region" : "regions", count(regions.length), ""],
    ["traced", elapsed(Number(seconds.toFixed(2))), ""],
  ];
}

/** Thread time in faults, where it was recorded. */
function timeTile(summaries: MapRun["summaries"]): [string, string, string][] {
  const latencies = summaries.flatMap(({ latency }) => latency ?? []);
  if (latencies.length === 0) return [];
  const sumNs = latencies.reduce((total, { minor, major }) => total + minor.sumNs + major.sumNs, 0);
  return [["in faults", nanoseconds(sumNs), ""]];
}

/** Sentences beyond this many help nobody; the tables have the rest. */
const VERDICTS = 5;

function verdicts({ processes, summaries }: MapRun): string[] {
  const said = processes.filter(({ summary }) => summary !== null);
  const named = said.length > 1;
  const lines = said
    .slice(0, VERDICTS)
    .map(({ name, summary }) => verdictLine(summary?.verdict ?? "", named ? name : null));
  const more = Math.max(said.length, summaries.length) - VERDICTS;
  if (more > 0) lines.push(`<p class="hint">${count(more)} more processes with fewer faults.</p>`);
  return lines;
}

export const mapHeader = (run: MapRun): string =>
  header({
    title: `Where <bdi>${html(run.start?.target ?? "an unknown target")}</bdi> faults`,
    verdicts: verdicts(run),
    tiles: tiles(run),
    facts: facts(run),
  });
