import type { HeatRecord, MapSummaryRecord, RegionRecord } from "../../metric/map-record.ts";
import { type Column, headerLine, printable, rowLine, wrap } from "../../term/table.ts";
import { formatCount, formatDigits, formatShare } from "../../term/units.ts";
import { heatLines } from "./heat-lines.ts";
import { describe } from "./verdict.ts";

interface Row {
  region: RegionRecord;
  share: number;
}

const COLUMNS: Column<Row>[] = [
  { title: "minflt", width: 8, value: ({ region }) => formatCount(region.minor, 8) },
  { title: "majflt", width: 6, value: ({ region }) => formatCount(region.major, 6) },
  { title: "share", width: 6, value: ({ share }) => formatShare(share) },
  { title: "pages", width: 8, value: ({ region }) => formatCount(region.pages, 8) },
  { title: "touch", width: 6, value: ({ region }) => formatShare(region.touchedShare) },
  { title: "refault", width: 7, value: ({ region }) => formatCount(region.refaults, 7) },
  { title: "pattern", width: 14, align: "left", value: ({ region }) => describe(region).slice(0, 14) },
  { title: "region", width: 17, align: "left", value: ({ region }) => printable(labelOf(region), 17) },
];

/** Anonymous memory has no name but its address. */
function labelOf({ name, kind, start, permissions, vanished }: RegionRecord): string {
  const what =
    kind === "file"
      ? `${name} ${permissions.slice(0, 3)}`
      : name === kind
        ? `${name} ${start.slice(2)}`
        : name;
  return vanished ? `${what} gone` : what;
}

/** What is told of one process. */
export interface ProcessMap {
  regions: readonly RegionRecord[];
  heat: HeatRecord | null;
  summary: MapSummaryRecord;
}

/** The regions of one process as a table, busiest first, and its books in two lines. */
export function mapLines({ regions, heat, summary }: ProcessMap, limit: number): string[] {
  const { faults, seconds, comm, pid } = summary;
  const rows = regions.map((region) => ({
    region,
    share: faults > 0 ? (region.minor + region.major) / faults : 0,
  }));
  const shown = rows.slice(0, limit);
  const rest = rows.length - shown.length;
  return [
    `${printable(comm, 15)} (pid ${pid}), ${formatDigits(faults)} faults in ${seconds.toFixed(2)} s`,
    headerLine(COLUMNS),
    ...shown.map((row) => rowLine(COLUMNS, row)),
    ...(rest > 0 ? [`and ${rest} more regions (-n shows more)`] : []),
    "",
    ...(heat === null || heat.cells.length === 0 ? [] : [...heatLines(heat, regions), ""]),
    ...wrap(booksOf(summary)),
    ...wrap(summary.verdict),
  ];
}

function booksOf({
  minor,
  major,
  failed,
  untraced,
  lost,
  edge,
  kernelMinor,
  kernelMajor,
  unexplained,
}: MapSummaryRecord): string {
  const counted = `minor ${formatDigits(minor)}, major ${formatDigits(major)}, failed ${formatDigits(failed)}, untraced ${formatDigits(untraced)}, lost ${formatDigits(lost)}`;
  if (kernelMinor === null || kernelMajor === null || edge === null) {
    return `${counted}; the kernel's own counters are unknown: it ended and nobody saw its last ones`;
  }
  if (unexplained !== null && unexplained > 0)
    return `${counted}; ${formatDigits(unexplained)} are not explained by the kernel's counters`;
  return edge > 0
    ? `${counted}; the books balance within the edge of ${formatDigits(edge)}`
    : `${counted}; the books balance exactly`;
}
