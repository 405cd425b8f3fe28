/** What the browser draws of one process: its heat as numbered rows and bins, and the rate over time. */

import type { HeatRecord } from "../lib/metric/map-record.ts";
import { type Band, type Block, bandsOf, type Extent } from "./heat-bands.ts";
import { binsOf, type MapProcess } from "./map-run.ts";
import { visible } from "./text.ts";

export interface HeatData {
  blockBytes: number;
  binSeconds: number;
  /** Seconds from the page's origin to bin 0. */
  from: number;
  bins: number;
  bands: Band[];
  /** Columns, by row and then by bin. A row is a block: they count through the segments of all bands. */
  cells: {
    row: number[];
    bin: number[];
    minor: number[];
    major: number[];
    /** With --types: how many of them were writes, and how many copies on write. */
    write?: number[];
    copyOnWrite?: number[];
  };
  /** An interval's value stands at its end; see columns.ts. */
  rates: { time: number[]; minor: (number | null)[]; major: (number | null)[] };
}

export interface MapRegion extends Extent {
  /** Harmless text. */
  name: string;
}

export interface ProcessData {
  pid: number;
  /** Harmless text. */
  name: string;
  regions: MapRegion[];
  heat: HeatData | null;
}

type Cell = readonly [
  address: number,
  bin: number,
  minor: number,
  major: number,
  write?: number,
  copyOnWrite?: number,
];

function blocksOf(cells: readonly Cell[]): Block[] {
  const blocks: Block[] = [];
  for (const [address, , minor, major] of cells) {
    const last = blocks.at(-1);
    if (last?.address === address) {
      last.faults += minor + major;
      last.major += major;
    } else {
      blocks.push({ address, faults: minor + major, major });
    }
  }
  return blocks;
}

function rowsOf(cells: readonly Cell[], bands: readonly Band[], blockBytes: number): number[] {
  const segments = bands.flatMap((band) => band.segments);
  let at = 0;
  let first = 0;
  return cells.map(([address]) => {
    let segment = segments[at];
    while (segment && address >= segment.address + segment.rows * blockBytes) {
      first += segment.rows;
      segment = segments[++at];
    }
    if (segment === undefined) throw new Error("a block of the heat map lies in no band");
    return first + (address - segment.address) / blockBytes;
  });
}

/** Faults a second in each bin; bins without a fault that follow each other are one interval. */
function ratesOf(cells: readonly Cell[], bins: number, binSeconds: number, from: number, end: number) {
  const sums = new Map<number, { minor: number; major: number }>();
  for (const [, bin, minor, major] of cells) {
    const sum = sums.get(bin);
    if (sum === undefined) sums.set(bin, { minor, major });
    else {
      sum.minor += minor;
      sum.major += major;
    }
  }
  const time = [from];
  const minor: (number | null)[] = [null];
  const major: (number | null)[] = [null];
  const push = (at: number, sum: { minor: number; major: number }) => {
    if (at <= (time.at(-1) ?? at)) return;
    time.push(at);
    minor.push(sum.minor / binSeconds);
    major.push(sum.major / binSeconds);
  };
  const none = { minor: 0, major: 0 };
  let done = 0;
  for (const bin of [...sums.keys()].sort((a, b) => a - b)) {
    if (bin > done) push(from + bin * binSeconds, none);
    push(from + (bin + 1) * binSeconds, sums.get(bin) ?? none);
    done = bin + 1;
  }
  if (end > from + bins * binSeconds) push(end, none);
  return { time, minor, major };
}

/** Whether its cells say what the accesses were. */
export const hasTypes = ({ cells }: HeatRecord): boolean => cells.some((cell) => cell.length > 4);

/** @param end seconds from the origin to the end of the run */
function heatOf({ heat, regions }: MapProcess, origin: number, end: number): HeatData | null {
  if (heat === null || heat.cells.length === 0) return null;
  const { blockBytes, binSeconds } = heat;
  const cells = heat.cells
    .map(([address, ...rest]): Cell => [Number(address), ...rest])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const bands = bandsOf(blocksOf(cells), regions.map(extentOf), blockBytes);
  const bins = binsOf(heat);
  const from = heat.time - origin;
  return {
    ...{ blockBytes, binSeconds, from, bins, bands },
    cells: {
      row: rowsOf(cells, bands, blockBytes),
      bin: cells.map(([, bin]) => bin),
      minor: cells.map(([, , minor]) => minor),
      major: cells.map(([, , , major]) => major),
      ...(hasTypes(heat)
        ? {
            write: cells.map(([, , , , write = 0]) => write),
            copyOnWrite: cells.map(([, , , , , copyOnWrite = 0]) => copyOnWrite),
          }
        : {}),
    },
    rates: ratesOf(cells, bins, binSeconds, from, end),
  };
}

function extentOf({ start, end }: { start: string; end: string }): Extent {
  return { start: Number(start), end: Number(end) };
}

export function processData(process: MapProcess, origin: number, end: number): ProcessData {
  return {
    pid: process.pid,
    name: visible(process.name),
    regions: process.regions.map((region) => ({ name: visible(region.name), ...extentOf(region) })),
    heat: heatOf(process, origin, end),
  };
}
