/** The panels of a working set over time: sizes with their bands, faults, and all processes in one chart. */

import { drawIntervalBand, drawStalls } from "./bands.js";
import { BYTE_STEPS, blank, fromZero } from "./scales.js";
import { bytes, plain } from "./units.js";

export const sizeAxis = { scale: "bytes", text: bytes, incrs: BYTE_STEPS };
export const EDGE_DASH = [2, 3];
const SWAP_DASH = [2, 2];
const PSS_DASH = [6, 3];

/** "WSS", or "idle WSS" where several methods took turns. */
export const labelOf = (methods, method, what) => (methods.length > 1 ? `${method} ${what}` : what);

/** Colour of a method: the resident set has the third. */
export const tintOf = (index) => `line-${[1, 2, 4, 5, 6, 7, 8][index % 7]}`;

function sizeRows({ methods, memory }) {
  const tables = methods.map(({ time, wss, low, high }) => [time, wss, low, high]);
  return uPlot.join([...tables, [memory.time, memory.rss, memory.pss, memory.swap]]);
}

/** `shown()` is the process that the panel shows now. */
function sizePanel(panels, parent, methods, shown) {
  const size = (label, tint, more = {}) => ({ label, tint, scale: "bytes", text: bytes, ...more });
  const lines = methods.flatMap((method, index) => [
    size(labelOf(methods, method, "WSS"), tintOf(index)),
    size(labelOf(methods, method, "low"), tintOf(index), { dash: EDGE_DASH, width: 1 }),
    size(labelOf(methods, method, "high"), tintOf(index), { dash: EDGE_DASH, width: 1 }),
  ]);
  return panels.panel(parent, {
    height: 300,
    scales: { bytes: fromZero },
    axes: [sizeAxis, blank("bytes")],
    lines: [
      ...lines,
      size("RSS", "rss", { sampled: "instant" }),
      size("PSS", "rss", { sampled: "instant", dash: PSS_DASH }),
      size("swap", "others", { sampled: "instant", dash: SWAP_DASH }),
    ],
    data: sizeRows(shown()),
    own: {
      hooks: {
        drawClear: [
          (u) => {
            drawStalls(u, shown().stalls);
            methods.forEach((_, index) => {
              if (u.series[3 * index + 1].show)
                drawIntervalBand(u, 3 * index + 2, 3 * index + 3, tintOf(index));
            });
          },
        ],
      },
    },
  });
}

const faultRows = ({ memory }) => [memory.time, memory.minor, memory.major];

function faultPanel(panels, parent, shown) {
  return panels.panel(parent, {
    height: 170,
    scales: { minor: fromZero, major: fromZero },
    axes: [
      { scale: "minor", text: plain, tint: "minor-text" },
      { scale: "major", text: plain, tint: "major-text", side: 1, grid: false },
    ],
    lines: [
      { label: "minor faults/s", tint: "minor", scale: "minor", text: plain },
      { label: "major faults/s", tint: "major", scale: "major", text: plain },
    ],
    data: faultRows(shown()),
    own: { hooks: { drawClear: [(u) => drawStalls(u, shown().stalls)] } },
  });
}

/** The panels of one process. @returns {(next) => void} shows another one */
export function wssPanels(panels, methods, first, place) {
  let process = first;
  const shown = () => process;
  const sizes = sizePanel(panels, place("sizes"), methods, shown);
  const faults = faultPanel(panels, place("faults"), shown);
  return (next) => {
    process = next;
    panels.replace(sizes, sizeRows(next));
    panels.replace(faults, faultRows(next));
  };
}

/** The largest processes in one chart, by the first method. */
export function wssOverview({ panel }, parent, processes) {
  panel(parent, {
    height: 240,
    scales: { bytes: fromZero },
    axes: [sizeAxis, blank("bytes")],
    lines: processes.map(({ name }, index) => ({
      ...{ label: name, tint: `line-${index + 1}`, scale: "bytes", text: bytes },
      // The dash is the second sign beside the colour.
      ...(index >= 4 ? { dash: [7, 3] } : {}),
    })),
    data: uPlot.join(processes.map(({ methods: [{ time, wss }] }) => [time, wss])),
  });
}
