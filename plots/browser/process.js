/** The panels of one process: minor faults with the resident set, major faults, latency. */

import { BYTE_STEPS, blank, fromZero } from "./scales.js";
import { bytes, nanoseconds, plain } from "./units.js";

const MEDIAN_DASH = [4, 2];

/** `figure(name)` gives the element for a panel or null where the page has none. */
export function processPanels(panels, series, figure) {
  const { panel, replace } = panels;
  const drawn = [];

  function add(name, options, dataOf) {
    const parent = figure(name);
    if (parent) drawn.push({ u: panel(parent, { ...options, data: dataOf(series) }), dataOf });
  }

  add(
    "minor",
    {
      height: 230,
      scales: { rate: fromZero, bytes: fromZero },
      axes: [
        { scale: "rate", text: plain, tint: "minor-text" },
        { scale: "bytes", text: bytes, side: 1, grid: false, tint: "rss-text", incrs: BYTE_STEPS },
      ],
      lines: [
        { label: "minor faults/s", tint: "minor", scale: "rate", text: plain },
        { label: "resident set", tint: "rss", scale: "bytes", text: bytes, sampled: "instant" },
      ],
    },
    ({ time, minor, rss }) => [time, minor, rss],
  );
  add(
    "major",
    {
      height: 150,
      scales: { rate: fromZero },
      axes: [{ scale: "rate", text: plain, tint: "major-text" }, blank("rate")],
      lines: [{ label: "major faults/s", tint: "major", scale: "rate", text: plain }],
    },
    ({ time, major }) => [time, major],
  );
  add(
    "latency",
    {
      height: 210,
      scales: { ns: { distr: 3 } },
      axes: [{ scale: "ns", text: nanoseconds }, blank("ns")],
      lines: [
        { label: "minor p50", tint: "minor", scale: "ns", text: nanoseconds, dash: MEDIAN_DASH },
        { label: "minor p99", tint: "minor", scale: "ns", text: nanoseconds },
        { label: "major p50", tint: "major", scale: "ns", text: nanoseconds, dash: MEDIAN_DASH },
        { label: "major p99", tint: "major", scale: "ns", text: nanoseconds },
      ],
    },
    latencyRows,
  );

  return (next) => {
    for (const { u, dataOf } of drawn) replace(u, dataOf(next));
  };
}

function latencyRows({ time, latency }) {
  const none = () => time.map(() => null);
  const { minorP50, minorP99, majorP50, majorP99 } = latency ?? {};
  return [time, ...[minorP50, minorP99, majorP50, majorP99].map((column) => column ?? none())];
}
