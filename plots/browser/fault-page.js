/** The page of pgfaultstat: reads its data block and fills the places that the markup left for it. */

import { histogramTable, sharesBar } from "./bars.js";
import { overviewPanel } from "./overview.js";
import { panelsOf } from "./panels.js";
import { processPanels } from "./process.js";

const data = JSON.parse(document.getElementById("faults").textContent);
const place = (name) => document.querySelector(`[data-place="${name}"]`);

function fill(name, ...content) {
  const parent = place(name);
  if (!parent) return;
  const known = content.filter((part) => part !== null);
  parent.replaceChildren(...known);
  parent.closest("section").hidden = known.length === 0;
}

/** Histogram and access types are of a whole process, also where the samples are of its threads. */
function fillSummary(pid) {
  const { name = "", histogram = null, types = null } = data.summaries[pid] ?? {};
  for (const heading of document.querySelectorAll("[data-place=whose]")) heading.textContent = name;
  fill("histogram", histogram && histogramTable(histogram));
  fill(
    "types",
    types &&
      sharesBar("Access", [
        ["read", types.read, "line-1"],
        ["write", types.write, "line-2"],
        ["copy-on-write", types.copyOnWrite, "line-3"],
        ["execute", types.execute, "line-4"],
      ]),
    types &&
      sharesBar("Mode", [
        ["user", types.user, "line-1"],
        ["kernel", types.kernel, "others"],
      ]),
  );
}

const panels = panelsOf(data);
const overview = place("overview");
if (overview) overviewPanel(panels, overview, data.series.slice(0, data.busiest), data.others);

const [busiest] = data.series;
if (busiest) {
  const show = processPanels(panels, busiest, place);
  const choice = place("choice");
  choice?.addEventListener("change", () => {
    const chosen = data.series[Number(choice.value)];
    show(chosen);
    fillSummary(chosen.pid);
  });
}
fillSummary(busiest?.pid ?? Object.keys(data.summaries)[0]);
