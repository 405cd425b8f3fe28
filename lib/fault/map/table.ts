import type { FunctionRecord, HeatRecord, MapSummaryRecord, RegionRecord } from "../../metric/map-record.ts";
import { printable, wrap } from "../../term/table.ts";
import { formatDigits } from "../../term/units.ts";
import { timeOf, timeText } from "./cost-text.ts";
import { type HeatStyle, heatLines } from "./heat-lines.ts";
import { labelOf, nodeLines, regionLines, typeLines } from "./region-table.ts";
import { phasesText } from "./walk.ts";
import { functionLines } from "./who/table.ts";

/** Functions in the table: -j and the page have more. */
const FUNCTIONS_SHOWN = 10;

/** What is told of one process. */
export interface ProcessMap {
  regions: readonly RegionRecord[];
  functions: readonly FunctionRecord[];
  heat: HeatRecord | null;
  summary: MapSummaryRecord;
}

/** How a process is shown: its busiest regions, and the style of its heat map. */
export interface MapStyle {
  limit: number;
  heat: HeatStyle;
}

/** One process: its regions, the phases of those that changed, its functions, its heat map, its books, the verdict. */
export function mapLines({ regions, functions, heat, summary }: ProcessMap, style: MapStyle): string[] {
  const { faults, seconds, comm, pid } = summary;
  const rest = regions.length - style.limit;
  const shown = regions.slice(0, style.limit);
  return [
    `${printable(comm, 15)} (pid ${pid}), ${formatDigits(faults)} faults in ${seconds.toFixed(2)} s`,
    ...regionLines(shown, { faults, timeNs: timeOf(summary) }),
    ...(rest > 0 ? [`and ${formatDigits(rest)} more regions (-n shows more)`] : []),
    ...shown.flatMap(phaseLines),
    ...typeLines(shown),
    ...nodeLines(shown),
    "",
    ...functionLines(functions, Math.min(style.limit, FUNCTIONS_SHOWN)),
    ...(heat === null || heat.cells.length === 0 ? [] : [...heatLines(heat, regions, style.heat), ""]),
    ...timeText(summary).flatMap((text) => wrap(text)),
    ...wrap(booksOf(summary)),
    ...wrap(summary.verdict),
  ];
}

/** In which patterns a region faulted one after the other, where that changed. */
function phaseLines(region: RegionRecord): string[] {
  const phases = phasesText(region);
  return phases === null ? [] : wrap(`${printable(labelOf(region), 30)}: ${phases}`);
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
  endedBy,
}: MapSummaryRecord): string {
  const counted = `minor ${formatDigits(minor)}, major ${formatDigits(major)}, failed ${formatDigits(failed)}, untraced ${formatDigits(untraced)}, lost ${formatDigits(lost)}`;
  if (endedBy === "recording") return `${counted}; what the kernel counted itself is not in a recording`;
  if (kernelMinor === null || kernelMajor === null || edge === null) {
    return `${counted}; the kernel's own counters are unknown: it ended and nobody saw its last ones`;
  }
  if (lost !== 0) return `${counted}; what was lost cannot be told from failed and untraced faults`;
  if (unexplained !== null && unexplained > 0)
    return `${counted}; ${formatDigits(unexplained)} are not explained by the kernel's counters`;
  return edge > 0
    ? `${counted}; the books balance within the edge of ${formatDigits(edge)}`
    : `${counted}; the books balance exactly`;
}
