import type { FunctionRecord } from "../../../metric/map-record.ts";
import { type Column, headerLine, printable, rowLine } from "../../../term/table.ts";
import { formatCount, formatShare } from "../../../term/units.ts";
import { nameOf } from "../kind.ts";

const COLUMNS: Column<FunctionRecord>[] = [
  { title: "minflt", width: 8, value: ({ minor }) => formatCount(minor, 8) },
  { title: "majflt", width: 6, value: ({ major }) => formatCount(major, 6) },
  { title: "share", width: 6, value: ({ share }) => formatShare(share) },
  { title: "function", width: 27, align: "left", value: (record) => printable(record.function, 27) },
  { title: "of", width: 13, align: "left", value: ({ file }) => printable(shortName(file), 13) },
  { title: "in", width: 12, align: "left", value: ({ region }) => printable(region ?? "-", 12) },
];

const shortName = (file: string | null): string => (file === null ? "-" : nameOf("file", file));

/** The busiest functions of one process as a table, and an empty line; nothing where there are none. */
export function functionLines(functions: readonly FunctionRecord[], limit: number): string[] {
  if (functions.length === 0) return [];
  return [headerLine(COLUMNS), ...functions.slice(0, limit).map((record) => rowLine(COLUMNS, record)), ""];
}
