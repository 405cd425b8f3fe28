import type { HeatRecord, RegionRecord } from "../../metric/map-record.ts";
import { heatCells, rowsPerLine } from "../../term/heat.ts";
import { printable } from "../../term/table.ts";

const LABEL = 16;
const COLUMNS = 60;
/** Share of the picture that one region gets at most. */
const MOST_OF_ONE = 0.42;
/** The regions in the picture hold this share of the faults, or are so many. */
const SHOWN_FAULTS = 0.99;
const SHOWN_REGIONS = 6;

/** How the picture is drawn. */
export interface HeatStyle {
  /** Lines of text without the axis; each of the busiest regions has at least one, as far as they go. */
  lines: number;
  /** Half blocks in colour instead of ASCII. */
  color: boolean;
}

interface Band {
  name: string;
  faults: number;
  /** Blocks that faulted, ascending. */
  blocks: number[];
  lines: number;
}

/**
 * The heat map as text: address upward, time to the right, one band for each of the regions that hold
 * nearly all faults, the gaps between and within them left out, so that it is never empty.
 */
export function heatLines(heat: HeatRecord, regions: readonly RegionRecord[], style: HeatStyle): string[] {
  const last = heat.cells.reduce((most, [, bin]) => Math.max(most, bin), 0);
  const columns = Math.min(COLUMNS, last + 1);
  const counts = new Map<number, number[]>();
  for (const [address, bin, minor, major] of heat.cells) {
    const block = Number(address);
    const row = counts.get(block) ?? new Array<number>(columns).fill(0);
    counts.set(block, row);
    const column = Math.floor((bin * columns) / (last + 1));
    row[column] = (row[column] ?? 0) + minor + major;
  }
  const bands = bandsOf(counts, heat.blockBytes, regions, style.lines).reverse();
  const rows = bands.flatMap((band) => rowsOf(band, counts, columns, rowsPerLine(style.color)));
  const labels = bands.flatMap((band) =>
    Array.from({ length: band.lines }, (_, i) => (i === 0 ? printable(band.name, LABEL) : "")),
  );
  const picture = heatCells(rows, style.color).map(
    (line, i) => `${(labels[i] ?? "").padStart(LABEL)} |${line}|`,
  );
  const seconds = ((last + 1) * heat.binSeconds).toFixed(2);
  const axis = `${"".padStart(LABEL)} 0${`${seconds} s`.padStart(Math.max(columns, seconds.length + 3))}`;
  return [...picture, axis];
}

/** The rows of a band, the highest address first; a row sums up its blocks, or a block fills several rows. */
function rowsOf(
  { blocks, lines }: Band,
  counts: ReadonlyMap<number, number[]>,
  columns: number,
  perLine: number,
): number[][] {
  const rows = lines * perLine;
  return Array.from({ length: rows }, (_, i) => {
    const from = Math.floor((i * blocks.length) / rows);
    const to = Math.max(from + 1, Math.floor(((i + 1) * blocks.length) / rows));
    const sums = new Array<number>(columns).fill(0);
    for (const block of blocks.slice(from, to))
      counts.get(block)?.forEach((count, column) => {
        sums[column] = (sums[column] ?? 0) + count;
      });
    return sums;
  }).reverse();
}

/** The busiest regions in the order of their addresses, each with its share of the lines. */
function bandsOf(
  counts: ReadonlyMap<number, number[]>,
  blockBytes: number,
  regions: readonly RegionRecord[],
  lines: number,
): Band[] {
  const blocks = Float64Array.from(counts.keys()).sort();
  const owners = ownersOf(blocks, blockBytes, regions);
  const byRegion = new Map<RegionRecord | null, Band>();
  for (const [i, block] of blocks.entries()) {
    const region = owners[i] ?? null;
    const band = byRegion.get(region) ?? {
      name: region?.name ?? "unmapped",
      faults: 0,
      blocks: [],
      lines: 0,
    };
    byRegion.set(region, band);
    band.blocks.push(block);
    band.faults += counts.get(block)?.reduce((sum, count) => sum + count, 0) ?? 0;
  }
  const bands = busiest([...byRegion.values()], lines);
  const total = bands.reduce((sum, { blocks }) => sum + Math.sqrt(blocks.length), 0);
  for (const band of bands) {
    const share = Math.floor((lines * Math.sqrt(band.blocks.length)) / total);
    band.lines = Math.max(1, Math.min(band.blocks.length, Math.ceil(MOST_OF_ONE * lines), share));
  }
  for (let left = bands.reduce((sum, band) => sum + band.lines, 0) - lines; left > 0; left--) {
    const largest = bands.reduce((most, band) => (band.lines > most.lines ? band : most));
    largest.lines--;
  }
  return bands.sort((a, b) => (a.blocks[0] ?? 0) - (b.blocks[0] ?? 0));
}

/** Of each block, ascending, the first region that reaches into it: a process may have tens of thousands of both. */
function ownersOf(
  blocks: Float64Array,
  blockBytes: number,
  regions: readonly RegionRecord[],
): (RegionRecord | undefined)[] {
  const owners = new Array<RegionRecord | undefined>(blocks.length);
  for (const region of regions) {
    const [start, end] = [Number(region.start) - blockBytes, Number(region.end)];
    for (let i = firstAbove(blocks, start); i < blocks.length && (blocks[i] ?? end) < end; i++)
      owners[i] ??= region;
  }
  return owners;
}

/** The index of the first that is greater than a value. */
function firstAbove(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? value) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function busiest(bands: readonly Band[], most: number): Band[] {
  const sorted = bands.toSorted((a, b) => b.faults - a.faults).slice(0, most);
  let missing = SHOWN_FAULTS * bands.reduce((sum, { faults }) => sum + faults, 0);
  return sorted.filter(({ faults }, i) => {
    const shown = i < SHOWN_REGIONS || missing > 0;
    missing -= faults;
    return shown;
  });
}
