/** The working set by the length of the window, which is logarithmic. */

import { drawLineBand } from "./bands.js";
import { panelsOf } from "./panels.js";
import { blank, fromZero } from "./scales.js";
import { bytes, nanoseconds } from "./units.js";
import { EDGE_DASH, labelOf, sizeAxis, tintOf } from "./wss-panels.js";

const windowText = (seconds) => nanoseconds(seconds * 1e9);

/** An x axis (panels.js) over all windows of all processes. */
function windowAxis(processes) {
  const all = processes.flatMap(({ curves }) => curves.flatMap((curve) => curve?.seconds ?? []));
  const least = all.reduce((one, other) => Math.min(one, other), Infinity);
  const most = all.reduce((one, other) => Math.max(one, other), 0);
  return {
    key: "window",
    whole: { min: least / 1.3, max: most * 1.3 },
    label: "window",
    text: windowText,
    axis: { text: windowText },
    scale: { distr: 3 },
  };
}

const NO_CURVE = { seconds: [], median: [], least: [], most: [], low: [], high: [], rss: [] };

function rowsOf({ curves }) {
  const known = curves.map((curve) => curve ?? NO_CURVE);
  const sizes = known.map(({ seconds, median, least, most, low, high }) => [
    ...[seconds, median, least, most, low, high],
  ]);
  return uPlot.join([...sizes, ...known.slice(0, 1).map(({ seconds, rss }) => [seconds, rss])]);
}

/** @returns {(next) => void} shows another process */
export function curvePanel(parent, methods, processes) {
  const [first] = processes;
  const panels = panelsOf({}, windowAxis(processes));
  const size = (label, tint, more = {}) => ({
    ...{ label, tint, scale: "bytes", text: bytes, sampled: "instant" },
    ...more,
  });
  const u = panels.panel(parent, {
    height: 280,
    scales: { bytes: fromZero },
    axes: [sizeAxis, blank("bytes")],
    lines: [
      ...methods.flatMap((method, index) => [
        size(labelOf(methods, method, "median"), tintOf(index)),
        size(labelOf(methods, method, "least"), tintOf(index), { dash: EDGE_DASH, width: 1 }),
        size(labelOf(methods, method, "most"), tintOf(index), { dash: EDGE_DASH, width: 1 }),
        size(labelOf(methods, method, "low"), tintOf(index), { bound: true }),
        size(labelOf(methods, method, "high"), tintOf(index), { bound: true }),
      ]),
      size("RSS at most", "rss"),
    ],
    data: rowsOf(first),
    own: {
      cursor: { dataIdx: (_u, _series, nearest) => nearest },
      hooks: {
        drawClear: [
          (u) =>
            methods.forEach((_, index) => {
              if (u.series[5 * index + 1].show) drawLineBand(u, 5 * index + 4, 5 * index + 5, tintOf(index));
            }),
        ],
      },
    },
  });
  return (next) => panels.replace(u, rowsOf(next));
}
