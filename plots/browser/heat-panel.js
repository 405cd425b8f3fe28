/** The heat map as a panel: zooms in both axes, shares its time axis and its cursor with the others. */

import { heatImage, placesOf } from "./heat-cells.js";
import { lookup, tipLines } from "./heat-hover.js";
import { layoutOf, stretchOf } from "./heat-layout.js";
import { drawCuts, drawGrounds, drawNames } from "./heat-names.js";

/** Pixels of a drag that make it one in this direction, too. */
const DRAG_LEAST = 16;
/** Height of the time axis and of the padding above. */
const FRAME = 38;
/** Width for the names at the left; the charts below take the same. */
export const nameWidth = (u) => (u.width < 560 ? 100 : 190);

function div(parent, name) {
  const made = document.createElement("div");
  made.className = name;
  made.hidden = true;
  parent.append(made);
  return made;
}

/** @param origin Unix time of second 0 */
export function heatPanel(panels, parent, origin) {
  const layers = { minor: true, major: true, counted: "minor" };
  const picture = document.createElement("canvas");
  const state = { heat: null, regions: [], layout: { height: 1, bands: [], segments: [] } };
  let window = [0, 1];
  let painted = "";
  let pointed = null;

  function viewOf(u) {
    const { x, y } = u.scales;
    const { width, height } = u.bbox;
    return {
      xMin: x.min,
      xMax: x.max,
      yMin: y.min,
      yMax: y.max,
      width: Math.round(width),
      height: Math.round(height),
    };
  }

  /** The image is painted once for a view; a redraw for another reason only copies it. */
  function paint(view) {
    const key = JSON.stringify([view, layers]);
    if (key === painted) return;
    painted = key;
    picture.width = view.width;
    picture.height = view.height;
    picture.getContext("2d").putImageData(heatImage(state.heat, state.places, view, layers), 0, 0);
  }

  function draw(u) {
    if (!state.heat) return;
    const view = viewOf(u);
    paint(view);
    u.ctx.save();
    u.ctx.imageSmoothingEnabled = false;
    u.ctx.drawImage(picture, Math.round(u.bbox.left), Math.round(u.bbox.top));
    u.ctx.restore();
    drawCuts(u, state);
    drawNames(u, state, view);
    showMark();
  }

  const u = panels.panel(parent, {
    height: 200,
    steady: true,
    scales: { y: { range: () => window } },
    axes: [
      { scale: "y", text: () => "", grid: false, size: nameWidth },
      // Its space only, so that the time axes lie below each other.
      { scale: "y", text: () => "", grid: false, side: 1 },
    ],
    lines: [{ label: "", tint: "minor", scale: "y", text: () => "" }],
    data: [
      [0, 1],
      [null, null],
    ],
    own: {
      legend: false,
      cursor: { y: true, drag: { x: true, y: true, uni: DRAG_LEAST, dist: 4 }, points: { show: false } },
      hooks: {
        drawClear: [(plot) => state.heat && drawGrounds(plot, state)],
        draw: [draw],
        setScale: [(plot, key) => key === "y" && keepWindow(plot.scales.y)],
        setCursor: [showTip],
      },
    },
  });
  const mark = div(u.over, "band-mark");
  const tip = div(u.over, "tip");

  function keepWindow({ min, max }) {
    window = [min, max];
  }

  /** What is under a point of the plotting area, in CSS pixels. */
  function hit(x, y) {
    if (!state.heat) return null;
    const view = viewOf(u);
    const ratio = view.width / u.over.clientWidth;
    return lookup(state, view, Math.floor(x * ratio), Math.floor(y * ratio));
  }

  function showTip() {
    // A cursor that another panel moves has no place on the vertical axis.
    const { left, top, event } = u.cursor;
    const found = event && left >= 0 && top >= 0 ? hit(left, top) : null;
    tip.hidden = found === null;
    if (found === null) return;
    tip.replaceChildren(
      ...tipLines(found, state, origin).map((text) => {
        const line = document.createElement("bdi");
        line.textContent = text;
        return line;
      }),
    );
    const { clientWidth, clientHeight } = u.over;
    tip.style.left = `${Math.max(-60, Math.min(left + 14, clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${top + 18 + tip.offsetHeight > clientHeight ? top - tip.offsetHeight - 10 : top + 18}px`;
  }

  function showMark() {
    const stretch = pointed && stretchOf(state.layout, pointed);
    mark.hidden = !stretch;
    if (!stretch) return;
    const top = Math.max(u.valToPos(stretch.high, "y"), 0);
    mark.style.top = `${top}px`;
    mark.style.height = `${Math.max(Math.min(u.valToPos(stretch.low, "y"), u.over.clientHeight) - top, 2)}px`;
  }

  function wholeHeight() {
    u.setScale("y", { min: 0, max: state.layout.height });
  }

  panels.onReset(wholeHeight);

  return {
    u,
    hit,
    /** `heat` as in the data block; `all`: also the bands that are hidden at first. */
    show({ heat, regions }, all) {
      state.heat = heat;
      state.regions = regions;
      state.layout = layoutOf(heat, all);
      state.places = placesOf(heat, state.layout);
      painted = "";
      pointed = null;
      u.fullHeight = Math.round(state.layout.height) + FRAME;
      wholeHeight();
      u.setSize({ width: u.width, height: u.fullHeight });
    },
    /** "minor" and "major": whether they are shown; "counted": the column that the colours count. */
    layer(name, value) {
      layers[name] = value;
      u.redraw(false);
    },
    /** Marks a region, or none for null. */
    point(region) {
      pointed = region;
      showMark();
    },
    recolour() {
      painted = "";
    },
  };
}
