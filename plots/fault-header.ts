/** The top of the page of pgfaultstat: what was traced, how, and what to beware of. */

import { bytes, count, elapsed, nanoseconds, plain } from "./browser/units.js";
import type { Run } from "./fault-run.ts";
import { header, verdictLine } from "./header.ts";
import { html } from "./text.ts";

/** EndedBy in words. */
export const ENDED: Readonly<Record<string, string>> = {
  count: "after the count asked for",
  duration: "after the time asked for",
  interrupt: "by interrupt",
  exit: "with the target",
  failure: "by a failure",
  recording: "with the recording",
};

/** "2026-01-02 03:04:05 UTC"; a time that no calendar has is shown as the number. */
export function moment(unixSeconds: number): string {
  const date = new Date(unixSeconds * 1000);
  if (Number.isNaN(date.getTime())) return String(unixSeconds);
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function facts({ start, samples, summaries, origin, seconds }: Run): [string, string][] {
  const ended = [...new Set(summaries.map(({ endedBy }) => ENDED[endedBy] ?? endedBy))];
  const status = summaries.find(({ exitStatus }) => exitStatus !== null)?.exitStatus ?? null;
  const pids = start?.pids ?? [];
  const from = start?.time ?? origin;
  const end = summaries.reduce((latest, { time }) => Math.max(latest, time), origin + seconds);
  return [
    ["Traced", start ? start.target : "unknown: the recording has no start"],
    ["Process", processText(pids, samples, summaries)],
    ["From", moment(from)],
    ["To", `${moment(end)} (${elapsed(end - from)})`],
    ["Interval", start ? elapsed(start.interval) : ""],
    ["Source", start ? `${start.source}: ${start.why}` : ""],
    ["Ended", ended.join(", ") + (status === null ? "" : `; the command's exit status was ${status}`)],
    ["Written by", start ? `${start.tool} ${start.version}` : ""],
  ];
}

function processText(pids: readonly number[], samples: Run["samples"], summaries: Run["summaries"]): string {
  const names = new Map([...samples, ...summaries].map(({ pid, comm }) => [pid, comm]));
  for (const pid of pids) if (!names.has(pid)) names.set(pid, "");
  const known = [...names].map(([pid, comm]) => `${comm} ${pid}`.trim());
  return known.length > 6 ? `${count(known.length)} processes` : known.join(", ");
}

function sumOf(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (sum, value) => (sum === null || value === null ? null : sum + value),
    0,
  );
}

/** The figures that everyone looks for first. */
function tiles({ samples, summaries }: Run): [string, string, string][] {
  const counted = summaries.length > 0 ? summaries : samples;
  const peak = (read: (sample: Run["samples"][number]) => number | null) =>
    samples.reduce<number | null>((most, sample) => {
      const value = read(sample);
      return value === null ? most : Math.max(most ?? value, value);
    }, null);
  const many = new Set(samples.map(({ pid, tid }) => tid ?? pid)).size > 1;
  const of = many ? `, one ${samples.some(({ tid }) => tid !== undefined) ? "thread" : "process"}` : "";
  const p99 = summaries.length === 1 ? (summaries[0]?.latency?.minor.p99Ns ?? null) : null;
  const all: [string, number | null, (value: number | null) => string, string][] = [
    ["minor faults", sumOf(counted.map(({ minor }) => minor)), count, "minor"],
    ["major faults", sumOf(counted.map(({ major }) => major)), count, "major"],
    [`faults/s at most${of}`, peak((s) => s.minorPerSecond + s.majorPerSecond), plain, ""],
    [`resident at most${of}`, peak((s) => s.rss), bytes, "rss"],
    ["p99 of a minor fault", p99, nanoseconds, ""],
  ];
  return all
    .filter(([, value]) => value !== null)
    .map(([label, value, text, tint]) => [label, text(value), tint]);
}

export function headerOf(run: Run, verdict: string | null): string {
  return header({
    title: `Page faults of <bdi>${html(run.start?.target ?? "an unknown target")}</bdi>`,
    verdicts: verdict === null ? [] : [verdictLine(verdict)],
    tiles: tiles(run),
    facts: facts(run),
  });
}

interface Noted {
  start: { degraded: readonly string[] } | null;
  summaries: readonly unknown[];
  errors: readonly { message: string }[];
}

/** Errors, what was asked for and could not be had, and a run without its end. */
export function noticesOf(
  { start, summaries, errors }: Noted,
  lost = "the recording ends before its summary, so the books cannot be shown",
): string {
  const notices = [
    ...errors.map(({ message }) => ["error", "Error", message] as const),
    ...(start?.degraded ?? []).map((text) => ["degraded", "Degraded", text] as const),
  ];
  const cut = summaries.length > 0 ? [] : [["degraded", "No summary", lost] as const];
  return [...notices, ...cut]
    .map(
      ([kind, title, text]) =>
        `<p class="notice ${kind}" role="note"><b>${title}</b> <bdi>${html(text)}</bdi></p>`,
    )
    .join("\n");
}
