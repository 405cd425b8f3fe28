/** Panels over one time axis: they zoom together, share a cursor, and follow the window and the colours. */

import { intervalPaths, rowAt } from "./intervals.js";
import { colour, onColours } from "./theme.js";
import { clock, elapsed } from "./units.js";

const NARROW = 560;
/** Width of an A4 page between margins: the layout for print is not known before it is too late. */
const PRINTED = 660;
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif';

/** Steps of the time axis in seconds: decimal below a minute, then as clocks count. */
const TIME_STEPS = [
  ...[1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30],
  ...[60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800],
];

/** Every panel of the page, for the tests and for whoever opens the console. */
const plots = [];
window.__plots = plots;

/** The x axis of a run over time. `range`: {end, origin}, its seconds and the Unix time of second 0 */
function clockAxis({ end, origin }) {
  return {
    key: "time",
    whole: { min: 0, max: end > 0 ? end : 1 },
    label: "time (UTC)",
    text: (x) => `${elapsed(x)}, ${clock(origin + x)}`,
    axis: { incrs: TIME_STEPS, text: elapsed },
    scale: {},
  };
}

/** Panels that share an x axis: a clock over {end, origin}, or one like it. */
export function panelsOf(range, x = clockAxis(range)) {
  const { whole } = x;
  const group = [];
  let zooming = false;

  function zoomAll(source, { min, max }) {
    if (zooming) return;
    zooming = true;
    for (const other of group) if (other !== source) other.setScale("x", { min, max });
    zooming = false;
  }

  /**
   * A chart below `parent`. `lines`: what uPlot calls series, without the first; `steady`: the height
   * stays in a narrow window; `own`: what a panel that is no chart of lines has differently.
   */
  function panel(parent, { height, axes, scales, lines, data, steady = false, own = {} }) {
    const u = new uPlot(
      {
        ...sizeIn(parent, height, steady),
        padding: [8, axes.length > 1 ? 0 : 12, 0, 0],
        cursor: {
          y: false,
          sync: {
            key: x.key,
            scales: ["x", null],
            filters: { pub: (type) => !/mouse(down|up)/.test(type) },
          },
          drag: { x: true, y: false, dist: 4 },
          dataIdx: rowAt,
          points: { size: 7, width: 2, stroke: (u, i) => colourOf(u, i), fill: () => colour("paper") },
          bind: { dblclick: () => () => reset() },
          ...own.cursor,
        },
        scales: {
          x: {
            ...{ time: false, ...x.scale },
            range: (_u, min, max) => (min === null ? [whole.min, whole.max] : [min, max]),
          },
          ...scales,
        },
        axes: [baseAxis(x.axis), ...axes.map(valueAxis)],
        series: [
          { label: x.label, value: (_u, at) => (at == null ? "\u2013" : x.text(at)) },
          ...lines.map(line),
        ],
        legend: { show: own.legend ?? true, markers: { width: 0, fill: (u, i) => markerOf(u.series[i]) } },
        hooks: {
          ...own.hooks,
          setScale: [(u, key) => key === "x" && zoomAll(u, u.scales.x), ...(own.hooks?.setScale ?? [])],
        },
      },
      data,
      parent,
    );
    u.fullHeight = height;
    u.steady = steady;
    u.setScale("x", whole);
    plots.push(u);
    group.push(u);
    return u;
  }

  /** Other rows in the same chart: the zoom stays, the value scales follow. */
  function replace(u, data) {
    const { min, max } = u.scales.x;
    u.setData(data, false);
    u.setScale("x", { min, max });
  }

  const resets = [];

  function reset() {
    zoomAll(null, whole);
    for (const also of resets) also();
  }

  return { panel, replace, reset, onReset: (also) => resets.push(also) };
}

function sizeIn(parent, fullHeight, steady) {
  const width = Math.max(Math.floor(parent.clientWidth), 240);
  return { width, height: width < NARROW && !steady ? Math.min(fullHeight, 180) : fullHeight };
}

/** `bound`: named and read in the legend, but drawn by somebody else (bands.js). */
function line({ label, tint, scale, text, dash, width = 1.75, sampled = "interval", bound = false }) {
  const common = { label, scale, stroke: () => colour(tint), width, value: (_u, v) => text(v), tint };
  if (dash) common.dash = dash;
  if (bound) return { ...common, paths: () => null, points: { show: false } };
  if (sampled === "instant") return { ...common, points: { size: 4, fill: () => colour(tint) } };
  return { ...common, paths: intervalPaths, points: { show: false } };
}

function colourOf(u, seriesIdx) {
  return colour(u.series[seriesIdx].tint ?? "muted");
}

/** The legend's sample of a line; a custom property, so that it follows the colours by itself. */
function markerOf({ tint, dash }) {
  if (!tint) return "none";
  if (!dash) return `var(--${tint})`;
  return `repeating-linear-gradient(90deg, var(--${tint}) 0 4px, transparent 4px 6px)`;
}

function base() {
  return { font: FONT, stroke: () => colour("muted"), ticks: { show: false } };
}

function baseAxis({ text, incrs }) {
  return {
    ...base(),
    grid: { show: false },
    ticks: { show: true, size: 4, width: 1, stroke: () => colour("rule") },
    size: 30,
    space: 72,
    ...(incrs ? { incrs } : {}),
    values: (_u, splits) => splits.map((v) => (v == null ? "" : text(v))),
  };
}

function valueAxis({ scale, text, side = 3, grid = true, tint, incrs, size }) {
  return {
    ...base(),
    scale,
    side,
    size: size ?? ((u) => (u.width < NARROW ? 50 : 64)),
    stroke: () => colour(tint ?? "muted"),
    grid: { show: grid, width: 1, stroke: () => colour("grid") },
    values: (_u, splits) => splits.map((v) => (v == null ? "" : text(v))),
    ...(incrs ? { incrs } : {}),
  };
}

function redrawAll() {
  for (const u of plots) u.redraw(false);
}

function resizeAll(fixed) {
  for (const u of plots) {
    const { width, height } = fixed
      ? { width: fixed, height: u.fullHeight }
      : sizeIn(u.root.parentElement, u.fullHeight, u.steady);
    if (width !== u.width || height !== u.height) u.setSize({ width, height });
  }
}

onColours(redrawAll);
addEventListener("resize", () => resizeAll());
addEventListener("beforeprint", () => resizeAll(PRINTED));
addEventListener("afterprint", () => resizeAll());
