/**
 * The cells in a view, as rectangles of device pixels.
 *
 * They are painted for the view as it is, each at least one pixel, into one ImageData; a picture of a
 * pixel a cell that is scaled down would lose single faults, and those are often the ones that matter.
 */

import { pixelOf, rampOf, rgbOfHex, stepOf } from "./heat-colours.js";
import { positionOf } from "./heat-layout.js";
import { colour } from "./theme.js";

/** Device pixels: a major fault is rare, and one pixel of it would be overlooked. */
const MAJOR_LEAST = 3;

/** The vertical place of each cell; NaN in a hidden band. */
export function placesOf({ cells }, { segments }) {
  const low = new Float64Array(cells.row.length).fill(Number.NaN);
  const high = new Float64Array(cells.row.length);
  let at = 0;
  for (const segment of segments) {
    while (cells.row[at] < segment.row) at++;
    for (; cells.row[at] < segment.row + segment.rows; at++) {
      low[at] = positionOf(segment, cells.row[at]);
      high[at] = positionOf(segment, cells.row[at] + 1);
    }
  }
  return { low, high };
}

/** Calls visit(index, left, right, top, bottom) for each cell in the view {xMin, xMax, yMin, yMax, width, height}. */
export function eachCell(heat, places, view, visit) {
  const { from, binSeconds, cells } = heat;
  const across = view.width / (view.xMax - view.xMin);
  const down = view.height / (view.yMax - view.yMin);
  for (let index = 0; index < cells.row.length; index++) {
    const low = places.low[index];
    const start = from + cells.bin[index] * binSeconds;
    if (!(low < view.yMax && places.high[index] > view.yMin)) continue;
    if (start >= view.xMax || start + binSeconds <= view.xMin) continue;
    const left = Math.floor((start - view.xMin) * across + 1e-6);
    const right = Math.max(left + 1, Math.floor((start + binSeconds - view.xMin) * across + 1e-6));
    const top = Math.floor((view.yMax - places.high[index]) * down + 1e-6);
    const bottom = Math.max(top + 1, Math.floor((view.yMax - low) * down + 1e-6));
    visit(index, left, right, top, bottom);
  }
}

/** A span of at least MAJOR_LEAST pixels round the same middle. */
function widened(from, to) {
  const lack = Math.max(0, MAJOR_LEAST - (to - from));
  return [from - (lack >> 1), to + lack - (lack >> 1)];
}

export function eachMajor(heat, places, view, visit) {
  eachCell(heat, places, view, (index, left, right, top, bottom) => {
    if (heat.cells.major[index] > 0) visit(index, ...widened(left, right), ...widened(top, bottom));
  });
}

/**
 * The image of a view, transparent where nothing faulted. `layers`: {minor, major}, whether to show them, and
 * `counted`, the column of the cells that the colours count.
 */
export function heatImage(heat, places, view, layers) {
  const { width, height } = view;
  const counts = new Uint32Array(width * height);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  if (layers.minor) {
    const counted = countedOf(heat, layers.counted);
    const most = mostOf(counted);
    eachCell(heat, places, view, (index, left, right, top, bottom) => {
      const value = counted[index];
      for (let y = Math.max(top, 0); y < Math.min(bottom, height); y++) {
        const end = y * width + Math.min(right, width);
        for (let at = y * width + Math.max(left, 0); at < end; at++) {
          if (counts[at] < value) counts[at] = value;
        }
      }
    });
    const ramp = rampOf(isDark()).map(pixelOf);
    for (let at = 0; at < counts.length; at++) {
      if (counts[at] > 0) pixels[at] = ramp[stepOf(counts[at], most)];
    }
  }
  if (layers.major) {
    const major = pixelOf(rgbOfHex(colour("major")));
    eachMajor(heat, places, view, (_index, left, right, top, bottom) => {
      for (let y = Math.max(top, 0); y < Math.min(bottom, height); y++) {
        pixels.fill(major, y * width + Math.max(left, 0), y * width + Math.min(right, width));
      }
    });
  }
  return image;
}

/** The column of that name; minor faults where accesses were not recorded. */
export const countedOf = ({ cells }, name) => cells[name] ?? cells.minor;

/** The most in a cell, at least 1. */
export const mostOf = (counts) => counts.reduce((most, value) => Math.max(most, value), 1);

export function isDark() {
  return rgbOfHex(colour("paper")).every((part) => part < 128);
}
