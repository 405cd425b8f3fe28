/** The vertical axis: a name for each region where there is room, the busiest first, and the bands' grounds. */

import { stretchOf } from "./heat-layout.js";
import { colour } from "./theme.js";
import { bytes } from "./units.js";

/** CSS pixels between two lines of text. */
const LINE = 14;
const SPACE = 10;

/** The text cut in its middle, so that it fits. */
function fitted(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let keep = text.length - 1;
  while (keep > 2) {
    const cut = `${text.slice(0, Math.ceil(keep * 0.6))}\u2026${text.slice(text.length - Math.floor(keep * 0.4))}`;
    if (context.measureText(cut).width <= width) return cut;
    keep--;
  }
  return "\u2026";
}

/** Region names at the middle of what can be seen of them; a name that would cover another is left out. */
function labelsOf(regions, layout, { yMin, yMax }, perPixel) {
  const labels = [];
  const seen = regions.map((region) => ({ region, stretch: stretchOf(layout, region) }));
  const stray = layout.bands
    .filter((band) => band.regions.length === 0)
    .map((stretch) => ({ region: { name: "no mapping", start: 0, end: 0 }, stretch }));
  for (const { region, stretch } of [...seen, ...stray]) {
    if (!stretch || stretch.high <= yMin || stretch.low >= yMax) continue;
    const middle = (Math.max(stretch.low, yMin) + Math.min(stretch.high, yMax)) / 2;
    if (labels.some((label) => Math.abs(label.middle - middle) < (LINE - 2) * perPixel)) continue;
    labels.push({ middle, region });
  }
  return labels;
}

export function drawNames(u, { regions, layout }, view) {
  const { ctx, bbox } = u;
  const ratio = bbox.height / u.over.clientHeight;
  const right = bbox.left - SPACE * ratio;
  ctx.save();
  ctx.font = `${12 * ratio}px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif`;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  const wide = u.width >= 560;
  const perPixel = ((view.yMax - view.yMin) / bbox.height) * ratio;
  for (const { middle, region } of labelsOf(regions, layout, view, perPixel)) {
    const y = u.valToPos(middle, "y", true);
    const size = wide && region.end > region.start ? ` ${bytes(region.end - region.start)}` : "";
    const room = ctx.measureText(size).width;
    ctx.fillStyle = colour("muted");
    ctx.fillText(size, right, y);
    ctx.fillStyle = colour("text");
    ctx.fillText(fitted(ctx, region.name, right - room - 2 * ratio), right - room, y);
    ctx.fillStyle = colour("rule");
    ctx.fillRect(right + 3 * ratio, Math.round(y), (SPACE - 4) * ratio, 1);
  }
  ctx.restore();
}

/** Each band's ground, below the image. */
export function drawGrounds(u, { layout }) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour("heat-ground");
  for (const { low, high } of layout.bands) {
    const top = u.valToPos(high, "y", true);
    ctx.fillRect(bbox.left, top, bbox.width, u.valToPos(low, "y", true) - top);
  }
  ctx.restore();
}

/** A dotted line where a band leaves out addresses without a fault, above the image. */
export function drawCuts(u, { layout }) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.beginPath();
  ctx.strokeStyle = colour("muted");
  ctx.globalAlpha = 0.5;
  ctx.setLineDash([2, 4]);
  layout.segments.forEach((segment, index) => {
    if (layout.segments[index - 1]?.band !== segment.band) return;
    const y = Math.round(u.valToPos(segment.low, "y", true)) + 0.5;
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
  });
  ctx.stroke();
  ctx.restore();
}
