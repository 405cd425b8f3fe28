/** The page of wss: reads its data block and fills the places that the markup left for it. */

import { panelsOf } from "./panels.js";
import { curvePanel } from "./wss-curve.js";
import { wssOverview, wssPanels } from "./wss-panels.js";

const data = JSON.parse(document.getElementById("wss").textContent);
const place = (name) => document.querySelector(`[data-place="${name}"]`);
const choice = place("choice");

const panels = panelsOf(data);
const [first] = data.processes;
if (place("overview")) {
  const measured = data.processes.filter(({ memory }) => memory.time.length > 0);
  wssOverview(panels, place("overview"), measured.slice(0, data.busiest));
}
const showTime = place("sizes") && wssPanels(panels, data.methods, first, place);
const showCurve = place("curve") && curvePanel(place("curve"), data.methods, data.processes);

function hide(names, empty, none) {
  for (const name of names) {
    const figure = document.querySelector(`[data-figure="${name}"]`);
    if (figure) figure.hidden = none;
  }
  if (place(empty)) place(empty).hidden = !none;
}

function show(index) {
  const process = data.processes[index];
  for (const part of document.querySelectorAll("[data-process]")) {
    part.hidden = Number(part.dataset.process) !== index;
  }
  const name = data.processes.length > 1 ? process.name : "";
  for (const heading of document.querySelectorAll("[data-place=whose]")) heading.textContent = name;
  hide(["sizes", "faults"], "no-samples", process.memory.time.length === 0);
  hide(
    ["curve"],
    "no-curve",
    process.curves.every((curve) => curve === null),
  );
  showTime?.(process);
  showCurve?.(process);
}

if (first) show(0);
choice?.addEventListener("change", () => show(Number(choice.value)));
