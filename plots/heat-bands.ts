/**
 * The vertical axis of the heat map: an address space is nearly all empty, so it is cut into bands of
 * what faulted.
 *
 * A band holds the regions that share blocks: an address may have belonged to one mapping after the
 * other, and a coarse block may reach over the end of a small one; a cell cannot tell which of them it
 * was. Inside a band, stretches without a fault are left out where they would take too much of it.
 */

export interface Extent {
  /** Bytes; multiples of 4096 and therefore exact, in all of the 64 bits. */
  start: number;
  end: number;
}

export interface Block {
  address: number;
  faults: number;
  /** Those of the faults that are major. */
  major: number;
}

/** Adjacent blocks that are shown to scale. */
export interface Segment {
  address: number;
  /** Blocks, empty ones included. */
  rows: number;
  /** Blocks with a fault. */
  used: number;
}

export interface Band {
  /** Indices of the regions it holds; none where a fault met no known mapping. */
  regions: number[];
  faults: number;
  major: number;
  /** Ascending, at least one. */
  segments: Segment[];
}

/** A stretch without a fault is left out where it takes more than this share of its band. */
const EMPTY_SHARE = 1 / 8;
/** Blocks; a shorter stretch is no emptiness. */
const EMPTY_LEAST = 8;
/** Blocks between two faults outside of every region that still make one band. */
const STRAY = 256;

interface Merged extends Extent {
  regions: number[];
}

function mergedExtents(blocks: readonly Block[], regions: readonly Extent[], size: number): Merged[] {
  const aligned = regions.map(({ start, end }, index) => ({
    start: Math.floor(start / size) * size,
    end: Math.ceil(end / size) * size,
    regions: [index],
  }));
  const merged = fold(aligned, (last, next) => next.start < last.end);
  let at = 0;
  const stray = blocks.filter(({ address }) => {
    while (at < merged.length && (merged[at]?.end ?? 0) <= address) at++;
    return address < (merged[at]?.start ?? Infinity);
  });
  const alone = stray.map(({ address }) => ({ start: address, end: address + size, regions: [] }));
  return fold(
    [...merged, ...alone],
    (last, next) => last.regions.length + next.regions.length === 0 && next.start - last.end <= STRAY * size,
  );
}

function fold(extents: readonly Merged[], joins: (last: Merged, next: Merged) => boolean): Merged[] {
  const folded: Merged[] = [];
  for (const next of extents.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    const last = folded.at(-1);
    if (last && joins(last, next)) {
      last.end = Math.max(last.end, next.end);
      last.regions.push(...next.regions);
    } else {
      folded.push({ ...next, regions: [...next.regions] });
    }
  }
  return folded;
}

/** The used blocks as segments: the longest empty stretches go first, until none stands out. */
function segmentsOf(blocks: readonly Block[], { start, end }: Extent, size: number): Segment[] {
  const edges = [start, ...blocks.flatMap(({ address }) => [address, address + size]), end];
  const empty: { from: number; to: number; rows: number }[] = [];
  for (let i = 0; i < edges.length; i += 2) {
    const [from = 0, to = 0] = [edges[i], edges[i + 1]];
    if (to > from) empty.push({ from, to, rows: (to - from) / size });
  }
  let rows = (end - start) / size;
  const cuts: Extent[] = [];
  for (const stretch of empty.sort((a, b) => b.rows - a.rows)) {
    if (stretch.rows < EMPTY_LEAST || stretch.rows <= rows * EMPTY_SHARE) break;
    cuts.push({ start: stretch.from, end: stretch.to });
    rows -= stretch.rows;
  }
  const segments: Segment[] = [];
  let from = start;
  let at = 0;
  for (const cut of [...cuts.sort((a, b) => a.start - b.start), { start: end, end }]) {
    const begin = at;
    while (at < blocks.length && (blocks[at]?.address ?? 0) < cut.start) at++;
    if (at > begin) segments.push({ address: from, rows: (cut.start - from) / size, used: at - begin });
    from = cut.end;
  }
  return segments;
}

/**
 * @param blocks those with a fault, ascending, each once
 * @param size of a block in bytes
 * @returns ascending; regions without a fault are in none
 */
export function bandsOf(blocks: readonly Block[], regions: readonly Extent[], size: number): Band[] {
  const bands: Band[] = [];
  let at = 0;
  for (const extent of mergedExtents(blocks, regions, size)) {
    const begin = at;
    while (at < blocks.length && (blocks[at]?.address ?? 0) < extent.end) at++;
    const own = blocks.slice(begin, at);
    if (own.length === 0) continue;
    bands.push({
      regions: extent.regions,
      faults: own.reduce((sum, { faults }) => sum + faults, 0),
      major: own.reduce((sum, { major }) => sum + major, 0),
      segments: segmentsOf(own, extent, size),
    });
  }
  return bands;
}
