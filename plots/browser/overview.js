/** The busiest processes in one chart. */

import { plain } from "./units.js";

const SECOND_DASH = [7, 3];

/** `series`: the busiest, then perhaps the sum of all others. */
export function overviewPanel({ panel }, parent, series, others) {
  const shown = others ? [...series, others] : series;
  panel(parent, {
    height: 260,
    scales: { rate: { range: (_u, _min, max) => [0, max > 0 ? max * 1.08 : 1] } },
    axes: [
      { scale: "rate", text: plain },
      { scale: "rate", side: 1, grid: false, text: () => "" },
    ],
    lines: shown.map((one, index) => ({
      label: one.name,
      tint: one === others ? "others" : `line-${index + 1}`,
      scale: "rate",
      text: plain,
      // The dash is the second sign beside the colour.
      ...(one === others ? { dash: [2, 2] } : index >= 4 ? { dash: SECOND_DASH } : {}),
    })),
    data: uPlot.join(
      shown.map(({ time, minor, major }) => [time, minor.map((v, i) => (v === null ? null : v + major[i]))]),
    ),
  });
}
