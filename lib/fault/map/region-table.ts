import type { RegionRecord } from "../../metric/map-record.ts";
import { type Column, headerLine, printable, rowLine } from "../../term/table.ts";
import { formatCount, formatNs, formatShare } from "../../term/units.ts";
import { nodeColumns, timeOf, typeColumns } from "./cost-text.ts";
import { patternCell } from "./walk.ts";

/** So many have room in a line; -j has all. */
const NODES_SHOWN = 5;

/** What the shares are of: all faults of the process, and the time that they took (null without -l). */
export interface Whole {
  faults: number;
  timeNs: number | null;
}

type Row = RegionRecord;

/** With latency the columns are narrower, and `touch` gives way. */
function columns({ faults, timeNs }: Whole, latency: boolean): Column<Row>[] {
  const [count, pattern, label] = latency ? [7, 13, 13] : [8, 14, 17];
  const touch: Column<Row> = { title: "touch", width: 6, value: (row) => formatShare(row.touchedShare) };
  const share = (part: number | null, whole: number | null): string =>
    formatShare(whole ? (part ?? 0) / whole : null);
  const time: Column<Row>[] = [
    { title: "time", width: 6, value: (row) => formatNs(timeOf(row)) },
    { title: "time%", width: 6, value: (row) => share(timeOf(row), timeNs) },
  ];
  return [
    { title: "minflt", width: count, value: (row) => formatCount(row.minor, count) },
    { title: "majflt", width: 6, value: (row) => formatCount(row.major, 6) },
    { title: "share", width: 6, value: (row) => share(row.minor + row.major, faults) },
    ...(latency ? time : []),
    { title: "pages", width: count, value: (row) => formatCount(row.pages, count) },
    ...(latency ? [] : [touch]),
    { title: "refault", width: 7, value: (row) => formatCount(row.refaults, 7) },
    { title: "pattern", width: pattern, align: "left", value: (row) => patternCell(row, pattern) },
    { title: "region", width: label, align: "left", value: (row) => printable(labelOf(row), label) },
  ];
}

/** Anonymous memory has no name but its address. "x16": mapped so often. */
export function labelOf(region: RegionRecord): string {
  const { name, kind, start, permissions, mappings, vanished } = region;
  const often = mappings !== null && mappings > 1 ? ` x${formatCount(mappings, 6)}` : "";
  const where = kind === "file" ? ` ${permissions.slice(0, 3)}` : name === kind ? ` ${start.slice(2)}` : "";
  return `${name}${often}${where}${vanished && kind !== "unmapped" ? " gone" : ""}`;
}

/** A table of regions, with its header. */
export function regionLines(regions: readonly RegionRecord[], whole: Whole): string[] {
  const table = columns(
    whole,
    regions.some(({ latency }) => latency !== undefined),
  );
  return [headerLine(table), ...regions.map((region) => rowLine(table, region))];
}

/** What the accesses were, region by region; nothing without --types. */
export const typeLines = (regions: readonly RegionRecord[]): string[] =>
  regions.some(({ types }) => types !== undefined) ? partLines(typeColumns(regions), regions) : [];

/** On which NUMA nodes the pages are; nothing where that was not recorded. */
export const nodeLines = (regions: readonly RegionRecord[]): string[] =>
  regions.some(({ nodes }) => nodes !== undefined)
    ? partLines(nodeColumns(regions).slice(0, NODES_SHOWN), regions)
    : [];

/** A table of parts of the faults, with the region they are of. */
function partLines(parts: readonly Column<RegionRecord>[], regions: readonly RegionRecord[]): string[] {
  const table: Column<RegionRecord>[] = [
    ...parts,
    { title: "region", width: 28, align: "left", value: (region) => printable(labelOf(region), 28) },
  ];
  return ["", headerLine(table), ...regions.map((region) => rowLine(table, region))];
}
