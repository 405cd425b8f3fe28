/**
 * Where each block stands on the vertical axis, in CSS pixels of the whole picture from its lower edge.
 *
 * A band's height grows with the root of its faulted blocks: a heap of a million pages must not press
 * the stack into nothing. The same holds for the segments of a band.
 */

const LEAST = 12;
const GROWTH = 340;
const GAP = 5;
/** Bands shown until all are asked for. */
export const SHOWN = 40;

/** A major fault counts as this many: where they are, the band is shown. */
const MAJOR_WEIGHT = 100;

const sumOf = (values) => values.reduce((total, value) => total + value, 0);
const weightOf = (segments) => Math.sqrt(sumOf(segments.map(({ used }) => used)));

/** The bands, those first that are shown first. */
export function byWeight(bands) {
  const weight = ({ faults, major }) => faults + MAJOR_WEIGHT * major;
  return bands.toSorted((a, b) => weight(b) - weight(a));
}

/** @returns the picture's height, its bands and segments with `low` and `high`; a hidden band has neither */
export function layoutOf({ bands, blockBytes }, all) {
  const busiest = byWeight(bands).slice(0, all ? bands.length : SHOWN);
  const shown = new Set(busiest);
  const total = sumOf(busiest.map((band) => weightOf(band.segments)));
  const placed = { height: 0, blockBytes, bands: [], segments: [] };
  let row = 0;
  let low = 0;
  for (const band of bands) {
    const height = LEAST + (GROWTH * weightOf(band.segments)) / total;
    const share = sumOf(band.segments.map((segment) => weightOf([segment])));
    let at = low;
    for (const segment of band.segments) {
      const high = at + (height * weightOf([segment])) / share;
      if (shown.has(band))
        placed.segments.push({ ...segment, row, low: at, high, band: placed.bands.length });
      row += segment.rows;
      at = high;
    }
    if (!shown.has(band)) continue;
    placed.bands.push({ ...band, low, high: low + height });
    low += height + GAP;
  }
  placed.height = Math.max(low - GAP, LEAST);
  return placed;
}

/** Position of a row's lower edge in its segment. */
export function positionOf(segment, row) {
  return segment.low + ((segment.high - segment.low) * (row - segment.row)) / segment.rows;
}

/** The segment and the address at a position, or null between two bands. */
export function addressAt({ segments, blockBytes }, position) {
  const segment = segments.find(({ low, high }) => position >= low && position < high);
  if (!segment) return null;
  const row = Math.floor((segment.rows * (position - segment.low)) / (segment.high - segment.low));
  return { segment, address: segment.address + Math.min(row, segment.rows - 1) * blockBytes };
}

/** The stretch of the axis that a region covers, or null where its band is hidden. */
export function stretchOf({ segments, blockBytes }, { start, end }) {
  let stretch = null;
  for (const { address, rows, low, high } of segments) {
    const at = (where) => {
      const share = (where - address) / (rows * blockBytes);
      return low + (high - low) * Math.min(1, Math.max(0, share));
    };
    if (start >= address + rows * blockBytes || end <= address) continue;
    stretch = {
      low: Math.min(stretch?.low ?? Infinity, at(start)),
      high: Math.max(stretch?.high ?? 0, at(end)),
    };
  }
  return stretch;
}
