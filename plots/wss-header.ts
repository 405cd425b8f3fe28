/** The top of the page of wss: what was measured, what it means, the figures. */

import { WRITES_ONLY } from "../lib/wss/method.ts";
import { bytes, count, elapsed } from "./browser/units.js";
import { ENDED, moment } from "./fault-header.ts";
import { header, verdictLine } from "./header.ts";
import { html } from "./text.ts";
import type { WssRun } from "./wss-run.ts";

function facts({ start, processes, closing, origin, seconds, methods }: WssRun): [string, string][] {
  const ended = [...new Set(closing.map(({ endedBy }) => ENDED[endedBy] ?? endedBy))];
  const status = closing.find(({ exitStatus }) => exitStatus !== null)?.exitStatus ?? null;
  const names = processes.map(({ name }) => name);
  const windows = start?.windows ?? null;
  return [
    ["Measured", start ? start.target : "unknown: the recording has no start"],
    ["Process", names.length > 6 ? `${count(names.length)} processes` : names.join(", ")],
    ["From", moment(origin)],
    ["To", `${moment(origin + seconds)} (${elapsed(Number(seconds.toFixed(2)))})`],
    ["Windows", windowsText(windows, start?.interval ?? null)],
    ["Method", methods.join(", ") + (start ? `: ${start.why}` : "")],
    ["Ended", ended.join(", ") + (status === null ? "" : `; the command's exit status was ${status}`)],
    ["Written by", start ? `${start.tool} ${start.version}` : ""],
  ];
}

function windowsText(windows: readonly number[] | null, interval: number | null): string {
  if (windows !== null) return `${windows.length}, ${elapsed(windows[0])} to ${elapsed(windows.at(-1))}`;
  return interval === null ? "" : elapsed(interval);
}

/** The figures that everyone looks for first; of several processes, the largest one's. */
function tiles({ processes, start, methods }: WssRun): [string, string, string][] {
  const [largest] = processes;
  if (largest === undefined) return [];
  const { samples, curves, median } = largest;
  const most = (key: "rss" | "swap"): number => samples.reduce((all, one) => Math.max(all, one[key]), 0);
  const sum = (key: "minor" | "major"): number | null =>
    samples.some((one) => one[key] == null) ? null : samples.reduce((all, one) => all + (one[key] ?? 0), 0);
  const rss = Math.max(most("rss"), ...curves.flatMap(({ points }) => points.map((point) => point.rss)));
  const of = processes.length > 1 ? ", the largest process" : "";
  const wrote = methods.length > 0 && methods.every((method) => WRITES_ONLY.has(method));
  const window = start?.windows?.at(-1) ?? start?.interval;
  const faults: [string, string, string][] =
    samples.length === 0
      ? []
      : [
          ["minor faults", count(sum("minor")), "minor"],
          ["major faults", count(sum("major")), "major"],
          ...(most("swap") > 0
            ? ([["in swap at most", bytes(most("swap")), ""]] as [string, string, string][])
            : []),
        ];
  return [
    [`${wrote ? "written" : "touched"} in ${elapsed(window)}${of}`, bytes(median), ""],
    ["resident at most", bytes(rss), "rss"],
    ...faults,
  ];
}

/** Sentences beyond this many help nobody; the charts have the rest. */
const VERDICTS = 6;

function verdicts({ closing, limits }: WssRun): string[] {
  const all = [...limits, ...closing].map(({ verdict }) => verdictLine(verdict));
  const more = all.length - VERDICTS;
  if (more <= 0) return all;
  return [...all.slice(0, VERDICTS), `<p class="hint">${count(more)} more sentences are left out.</p>`];
}

export const wssHeader = (run: WssRun): string =>
  header({
    title: `The working set of <bdi>${html(run.start?.target ?? "an unknown target")}</bdi>`,
    verdicts: verdicts(run),
    tiles: tiles(run),
    facts: facts(run),
  });
