import { type Column, headerLine, printable, rowLine } from "../../term/table.ts";
import { formatCount, formatDigits, formatShare } from "../../term/units.ts";
import { labelOf } from "./region-table.ts";
import type { ProcessMap } from "./table.ts";
import { patternCell } from "./walk.ts";

/** What of a process its line shows. */
export type ProcessRow = Pick<ProcessMap, "summary" | "regions">;

/** Faults of processes that have no line. */
export interface Unlisted {
  processes: number;
  minor: number;
  major: number;
}

const columns = (all: number): Column<ProcessRow>[] => [
  { title: "pid", width: 7, value: ({ summary }) => String(summary.pid) },
  { title: "comm", width: 15, align: "left", value: ({ summary }) => printable(summary.comm, 15) },
  { title: "minflt", width: 8, value: ({ summary }) => formatCount(summary.minor, 8) },
  { title: "majflt", width: 6, value: ({ summary }) => formatCount(summary.major, 6) },
  { title: "share", width: 6, value: ({ summary }) => formatShare(all === 0 ? null : summary.faults / all) },
  {
    title: "pattern",
    width: 13,
    align: "left",
    value: ({ regions: [most] }) => (most === undefined ? "-" : patternCell(most, 13)),
  },
  {
    title: "mostly in",
    width: 18,
    align: "left",
    value: ({ regions: [most] }) => (most === undefined ? "" : printable(labelOf(most), 18)),
  },
];

/**
 * A line for each process, and one for those without a line.
 *
 * @param all faults of all processes, which the shares are of
 */
export function processLines(
  rows: readonly ProcessRow[],
  { processes, minor, major }: Unlisted,
  all: number,
): string[] {
  const table = columns(all);
  return [
    ...(rows.length === 0 ? [] : [headerLine(table), ...rows.map((row) => rowLine(table, row))]),
    ...(processes === 0
      ? []
      : [
          `and ${formatDigits(processes)} more processes with ${formatDigits(minor)} minor and ${formatDigits(major)} major faults`,
        ]),
  ];
}

/** Adds a process, or several together. */
export function addUnlisted(to: Unlisted, from: Pick<Unlisted, "minor" | "major">, processes = 1): void {
  to.processes += processes;
  to.minor += from.minor;
  to.major += from.major;
}
