/** The page of pgfaultmap: reads its data block and fills the places that the markup left for it. */

import { countedOf, mostOf } from "./heat-cells.js";
import { drawKey } from "./heat-key.js";
import { byWeight, SHOWN } from "./heat-layout.js";
import { heatPanel, nameWidth } from "./heat-panel.js";
import { panelsOf } from "./panels.js";
import { onColours } from "./theme.js";
import { count, percent, plain } from "./units.js";

const data = JSON.parse(document.getElementById("map").textContent);
const place = (name) => document.querySelector(`[data-place="${name}"]`);
const choice = place("choice");
const allBox = place("all-box");
let chosen = data.processes[0];

const fromNothing = { range: (_u, _min, max) => [0, max > 0 ? max * 1.08 : 1] };

/** Without a major fault, figures at the right would say nothing. */
const hasMajor = () => chosen.heat?.cells.major.some((value) => value > 0);

/** The rate beneath the heat map; its figures are the sums of the map's columns. */
function ratePanel(panels, parent) {
  return panels.panel(parent, {
    height: 170,
    scales: { minor: fromNothing, major: fromNothing },
    axes: [
      { scale: "minor", text: plain, tint: "minor-text", size: nameWidth },
      {
        scale: "major",
        text: (rate) => (hasMajor() ? plain(rate) : ""),
        tint: "major-text",
        side: 1,
        grid: false,
      },
    ],
    lines: [
      { label: "minor faults/s", tint: "minor", scale: "minor", text: plain },
      { label: "major faults/s", tint: "major", scale: "major", text: plain },
    ],
    data: [
      [0, 1],
      [null, null],
      [null, null],
    ],
  });
}

const panels = panelsOf(data);
const map = place("heat") && heatPanel(panels, place("heat"), data.origin);
const rate = map && ratePanel(panels, place("rate"));
const countedBox = place("counted");
const drawRamp = (heat) => drawKey(place("ramp"), mostOf(countedOf(heat, countedBox?.value)));

/** How many bands wait for the box, and how little is in them. */
function offerAll({ bands }) {
  const faults = byWeight(bands).map((band) => band.faults);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  place("all").hidden = bands.length <= SHOWN;
  const share = percent(sum(faults.slice(SHOWN)) / sum(faults));
  place("all-text").textContent =
    `all ${count(bands.length)} bands (${count(bands.length - SHOWN)} quiet ones hold ${share})`;
}

function showHeat({ heat, regions }) {
  for (const name of ["heat-figure", "rate-figure"]) place(name).hidden = !heat;
  place("no-heat").hidden = heat !== null;
  if (!heat) return;
  map.show({ heat, regions }, allBox.checked);
  panels.replace(rate, [heat.rates.time, heat.rates.minor, heat.rates.major]);
  drawRamp(heat);
  offerAll(heat);
}

function show(index) {
  chosen = data.processes[index];
  for (const part of document.querySelectorAll("[data-process]")) {
    part.hidden = Number(part.dataset.process) !== index;
  }
  const name = data.processes.length > 1 ? chosen.name : "";
  for (const heading of document.querySelectorAll("[data-place=whose]")) heading.textContent = name;
  if (map) showHeat(chosen);
}

if (chosen) show(0);
choice?.addEventListener("change", () => show(Number(choice.value)));

if (map) {
  window.__map = { hover: map.hit, u: map.u, rate, process: () => chosen };
  allBox.addEventListener("change", () => showHeat(chosen));
  for (const box of document.querySelectorAll("[data-layer]")) {
    box.addEventListener("change", () => map.layer(box.dataset.layer, box.checked));
  }
  countedBox?.addEventListener("change", () => {
    map.layer("counted", countedBox.value);
    if (chosen.heat) drawRamp(chosen.heat);
  });
  for (const row of document.querySelectorAll("[data-region]")) {
    row.addEventListener("mouseenter", () => map.point(chosen.regions[Number(row.dataset.region)]));
    row.addEventListener("mouseleave", () => map.point(null));
  }
  onColours(() => {
    if (!chosen.heat) return;
    map.recolour();
    map.u.redraw(false);
    drawRamp(chosen.heat);
  });
}
