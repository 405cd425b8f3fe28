/** What lies under a pixel of the heat map: the same rectangles as they are painted. */

import { eachCell, eachMajor } from "./heat-cells.js";
import { addressAt } from "./heat-layout.js";
import { clock, count, elapsed } from "./units.js";

const hex = (address) => `0x${address.toString(16)}`;

/** A region's name with the offset of the address in it, for the regions that share the block. */
function regionsAt(regions, address, blockBytes) {
  return regions
    .filter(({ start, end }) => start < address + blockBytes && end > address)
    .map(({ name, start }) => ({ name, offset: Math.max(address - start, 0) }));
}

/**
 * @param x, y device pixels in the view
 * @returns null between bands; else the first address and bin there, and the sums of all cells there
 */
export function lookup({ heat, regions, places, layout }, view, x, y) {
  const under = (walk) => {
    const found = [];
    walk(heat, places, view, (index, left, right, top, bottom) => {
      if (x >= left && x < right && y >= top && y < bottom) found.push(index);
    });
    return found;
  };
  let found = under(eachCell);
  if (found.length === 0) found = under(eachMajor);
  const { row, bin, minor, major, write, copyOnWrite } = heat.cells;
  const share = (part, whole) => (part + 0.5) / whole;
  let address;
  let column;
  if (found.length > 0) {
    const [first] = found;
    const segment = layout.segments.findLast((one) => one.row <= row[first]);
    address = segment.address + (row[first] - segment.row) * heat.blockBytes;
    column = bin[first];
  } else {
    const place = addressAt(layout, view.yMax - share(y, view.height) * (view.yMax - view.yMin));
    if (!place) return null;
    address = place.address;
    const time = view.xMin + share(x, view.width) * (view.xMax - view.xMin);
    column = Math.floor((time - heat.from) / heat.binSeconds);
  }
  const sum = (column) => found.reduce((total, index) => total + column[index], 0);
  const names = regionsAt(regions, address, heat.blockBytes);
  return {
    ...{ region: names[0]?.name ?? null, regions: names, address: hex(address), bin: column },
    ...{ minor: sum(minor), major: sum(major), cells: found.length },
    ...(write ? { write: sum(write), copyOnWrite: sum(copyOnWrite) } : {}),
  };
}

const NAMES = 3;

/** The lines of the tip. */
export function tipLines(hit, { heat }, origin) {
  const start = heat.from + hit.bin * heat.binSeconds;
  const names = hit.regions
    .slice(0, NAMES)
    .map(({ name, offset }) => (offset > 0 ? `${name} + ${hex(offset)}` : name));
  if (hit.regions.length > NAMES) names.push(`${count(hit.regions.length - NAMES)} more`);
  const cells = hit.cells > 1 ? ` in ${count(hit.cells)} cells from here` : "";
  return [
    ...(names.length > 0 ? names : ["no known mapping"]),
    hit.address,
    `${elapsed(Number(start.toFixed(4)))}, ${clock(origin + start)}`,
    `${count(hit.minor)} minor, ${count(hit.major)} major${cells}`,
    ...(hit.write === undefined
      ? []
      : [`${count(hit.write)} writes, ${count(hit.copyOnWrite)} copies on write`]),
  ];
}
