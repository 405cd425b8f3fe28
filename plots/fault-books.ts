/**
 * The books of a run as tables: what was traced beside what the kernel counted itself.
 *
 * `kernel minor + kernel major = minor + major + untraced`, up to the edge; what is traced beyond
 * that is unexplained.
 */

import type { SummaryRecord } from "../lib/metric/record.ts";
import { count, percent } from "./browser/units.js";
import { metric, sentence } from "./metrics.ts";
import { html } from "./text.ts";

/** A page of thousands of rows helps nobody; the sum row below counts all of them. */
const ROWS = 100;

/** What the books of a process need; of pgfaultstat and of pgfaultmap. */
export type Book = Pick<SummaryRecord, "pid" | "comm" | "faultShare" | Account["key"]>;

interface Account {
  key:
    | "minor"
    | "major"
    | "failed"
    | "kernelMinor"
    | "kernelMajor"
    | "untraced"
    | "edge"
    | "unexplained"
    | "lost";
  title: string;
  help: string;
}

/** The columns, each with what it means. */
const ACCOUNTS: readonly Account[] = [
  { key: "minor", title: "minor", help: `${sentence(metric("minor").help)}.` },
  { key: "major", title: "major", help: `${sentence(metric("major").help)}.` },
  {
    key: "failed",
    title: "failed",
    help: "Faults that ended in a signal or an error; the kernel counts them in neither class.",
  },
  {
    key: "kernelMinor",
    title: "kernel minor",
    help: "What the kernel's own counter of the process grew by over the same time.",
  },
  { key: "kernelMajor", title: "kernel major", help: "The same for major faults." },
  {
    key: "untraced",
    title: "untraced",
    help: "Counted by the kernel, but caused by no access of the CPU: MAP_POPULATE, mlock, O_DIRECT, the argument copy of exec.",
  },
  {
    key: "edge",
    title: "edge",
    help: "How many faults may lie between the tracer's window and the wider one of the kernel's counters; 0 where both are exact.",
  },
  {
    key: "unexplained",
    title: "unexplained",
    help: "Faults traced that the kernel's counters do not hold; 0 where the books balance.",
  },
  { key: "lost", title: "lost", help: "Events that the source itself had to drop." },
];

/** Unknown as soon as one part is unknown. */
function sum(summaries: readonly Book[], key: Account["key"]): number | null {
  let total = 0;
  for (const summary of summaries) {
    const value = summary[key];
    if (value === null) return null;
    total += value;
  }
  return total;
}

/** "the books balance", or what does not. */
export function balance(summaries: readonly Book[]): { ok: boolean; text: string } {
  const unchecked = summaries.filter(({ unexplained }) => unexplained === null).length;
  const off = summaries.filter(({ unexplained }) => unexplained !== null && unexplained !== 0);
  const lost = summaries.reduce((total, summary) => total + (summary.lost ?? 0), 0);
  const of = summaries.length === 1 ? "" : ` of ${count(summaries.length)}`;
  const faults: string[] = [];
  if (off.length > 0) {
    const unexplained = off.reduce((total, summary) => total + (summary.unexplained ?? 0), 0);
    const where = summaries.length === 1 ? "" : ` in ${count(off.length)}${of} processes`;
    faults.push(`the kernel's counters do not explain ${count(unexplained)} of the faults traced${where}`);
  }
  if (lost > 0) faults.push(`the source lost ${count(lost)} events`);
  if (unchecked > 0) {
    faults.push(
      summaries.length === 1
        ? "the kernel's own counters could not be read, so nothing can be checked"
        : `${count(unchecked)}${of} processes could not be checked against the kernel's own counters`,
    );
  }
  if (faults.length > 0) {
    const verb = off.length > 0 || lost > 0 ? "The books do not balance" : "The books are open";
    return { ok: false, text: `${verb}: ${faults.join("; ")}.` };
  }
  const traced = plus(sum(summaries, "minor"), sum(summaries, "major"));
  const kernel = plus(sum(summaries, "kernelMinor"), sum(summaries, "kernelMajor"));
  const edge = sum(summaries, "edge") ?? 0;
  const ours = `${count(traced)} traced + ${count(sum(summaries, "untraced"))} untraced`;
  // The kernel's window is the wider one, so its count may be higher by up to the edge.
  const text =
    edge > 0
      ? `The books balance within the edge of ${count(edge)}: ${ours}, ${count(kernel)} counted by the kernel.`
      : `The books balance: ${ours} = ${count(kernel)} counted by the kernel.`;
  return { ok: true, text };
}

function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

function cells(values: readonly (number | null)[]): string {
  return values
    .map((value, index) => {
      const bad =
        ["unexplained", "lost"].includes(ACCOUNTS[index]?.key ?? "") && value !== null && value !== 0;
      return `<td class="number${bad ? " bad" : value === 0 ? " zero" : ""}">${count(value)}</td>`;
    })
    .join("");
}

function rowOf(summary: Book, shares: boolean): string {
  const name = `<th scope="row" class="name"><bdi>${html(summary.comm)}</bdi> <span class="pid">${summary.pid}</span></th>`;
  const share = shares ? `<td class="number">${percent(summary.faultShare)}</td>` : "";
  return `<tr>${name}${cells(ACCOUNTS.map(({ key }) => summary[key]))}${share}</tr>`;
}

export function booksSection({ summaries }: { summaries: readonly Book[] }): string {
  if (summaries.length === 0) return "";
  const sorted = summaries.toSorted((a, b) => b.minor + b.major - (a.minor + a.major));
  const shares = summaries.some(({ faultShare }) => faultShare !== undefined);
  const share = shares ? `<th scope="col" class="term" title="${SHARE}">time in faults</th>` : "";
  const more = sorted.length - ROWS;
  const rest =
    more > 0
      ? `<p class="hint">${count(more)} more processes with fewer faults are in the sum only.</p>`
      : "";
  const total =
    sorted.length > 1
      ? `<tfoot><tr><th scope="row" class="name">all ${count(sorted.length)} processes</th>${cells(
          ACCOUNTS.map(({ key }) => sum(sorted, key)),
        )}${shares ? "<td></td>" : ""}</tr></tfoot>`
      : "";
  const { ok, text } = balance(summaries);
  return `<section><h2>The books</h2>
<p class="balance ${ok ? "ok" : "off"}">${text}</p>
<div class="wide"><table><thead><tr><th scope="col" class="name">process</th>${ACCOUNTS.map(
    ({ title, help }) => `<th scope="col" class="term" title="${html(help)}">${title}</th>`,
  ).join("")}${share}</tr></thead>
<tbody>${sorted
    .slice(0, ROWS)
    .map((summary) => rowOf(summary, shares))
    .join("\n")}</tbody>${total}</table></div>${rest}</section>`;
}

const SHARE = "Share of the run time (CPU time and waiting for major faults) that went into faults.";

/** The columns explained, for print and for those without a mouse. */
export function explanations(
  more: readonly (readonly [string, string])[] = [["time in faults", SHARE]],
): string {
  const own = more.filter(([name]) => !ACCOUNTS.some(({ title }) => title === name));
  return termsSection([...ACCOUNTS.map(({ title, help }) => [title, help] as const), ...own]);
}

/** Words with what they mean, trusted markup. */
export function termsSection(terms: readonly (readonly [string, string])[]): string {
  return `<section class="terms"><h2>What the words mean</h2><dl>${terms
    .map(([title, help]) => `<div><dt>${title}</dt><dd>${help}</dd></div>`)
    .join(
      "",
    )}</dl><p class="hint">A dash (\u2013) stands for what is not known; it is not zero.</p></section>`;
}
