/** The key of the heat map: the colour scale with its ends. */

import { isDark } from "./heat-cells.js";
import { rampOf } from "./heat-colours.js";
import { count } from "./units.js";

const STOPS = 16;

export function drawKey(parent, most) {
  const ramp = rampOf(isDark());
  const stops = Array.from(
    { length: STOPS + 1 },
    (_, i) => `rgb(${ramp[Math.round((255 * i) / STOPS)].join(" ")})`,
  );
  const bar = document.createElement("i");
  bar.style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
  parent.replaceChildren(most > 1 ? "1 " : "", bar, ` ${count(most)} in a cell, logarithmic`);
}
