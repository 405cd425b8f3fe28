import type { HeatRecord, RegionRecord } from "../../metric/map-record.ts";
import { heatLine } from "../../term/heat.ts";
import { printable } from "../../term/table.ts";

const LABEL = 16;
const COLUMNS = 60;
/** Lines of the picture; a region has at most so many, and at least one where it has cells. */
const LINES = 24;
const MOST_PER_REGION = 10;

interface Band {
  name: string;
  /** Blocks that faulted, ascending. */
  blocks: number[];
  lines: number;
}

/**
 * The heat map as text: address upward, time to the right, one band for each region that faulted, the
 * gaps between and within them left out, so that it is never empty.
 */
export function heatLines(heat: HeatRecord, regions: readonly RegionRecord[]): string[] {
  const last = Math.max(0, ...heat.cells.map(([, bin]) => bin));
  const columns = Math.min(COLUMNS, last + 1);
  const bands = bandsOf(heat, regions);
  const lineOf = new Map<number, number>();
  let lines = 0;
  for (const band of bands) {
    band.blocks.forEach((block, i) => {
      lineOf.set(block, lines + Math.floor((i * band.lines) / band.blocks.length));
    });
    lines += band.lines;
  }
  const counts = Array.from({ length: lines }, () => new Array<number>(columns).fill(0));
  for (const [address, bin, minor, major] of heat.cells) {
    const row = counts[lineOf.get(Number(address)) ?? -1];
    const column = Math.floor((bin * columns) / (last + 1));
    if (row !== undefined) row[column] = (row[column] ?? 0) + minor + major;
  }
  const most = Math.max(0, ...counts.flat());
  const labels = bands.flatMap((band) =>
    Array.from({ length: band.lines }, (_, i) => (i === band.lines - 1 ? printable(band.name, LABEL) : "")),
  );
  const picture = counts.map((row, i) => `${(labels[i] ?? "").padStart(LABEL)} |${heatLine(row, most)}|`);
  const seconds = ((last + 1) * heat.binSeconds).toFixed(2);
  const axis = `${"".padStart(LABEL)} 0${`${seconds} s`.padStart(Math.max(columns, seconds.length + 3))}`;
  return [...picture.reverse(), axis];
}

/** The regions with cells in the order of their addresses, each with its share of the lines. */
function bandsOf(heat: HeatRecord, regions: readonly RegionRecord[]): Band[] {
  const blocks = [...new Set(heat.cells.map(([address]) => Number(address)))];
  const byRegion = new Map<RegionRecord | null, number[]>();
  for (const block of blocks) {
    const end = block + heat.blockBytes;
    const region = regions.find((r) => Number(r.start) < end && Number(r.end) > block) ?? null;
    const known = byRegion.get(region);
    if (known) known.push(block);
    else byRegion.set(region, [block]);
  }
  const busiest = [...byRegion].sort(([, a], [, b]) => b.length - a.length).slice(0, LINES);
  const total = busiest.reduce((sum, [, own]) => sum + Math.sqrt(own.length), 0);
  return busiest
    .map(([region, own]) => ({
      name: region?.name ?? "unmapped",
      blocks: own.sort((a, b) => a - b),
      lines: Math.min(
        own.length,
        MOST_PER_REGION,
        Math.max(1, Math.floor((LINES * Math.sqrt(own.length)) / total)),
      ),
    }))
    .sort((a, b) => (a.blocks[0] ?? 0) - (b.blocks[0] ?? 0));
}
