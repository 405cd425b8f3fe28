/** What lies behind the lines of a working set: the band of each window, and the stripes of the stalls. */

import { colour } from "./theme.js";

/** Stripes closer than this many CSS pixels would grey the chart: they shrink to ticks at its foot. */
const CROWDED = 8;
const TICK = 6;

function clipped(u, draw) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, bbox);
  ctx.restore();
}

/** Fills between the series `low` and `high` over each interval (intervals.js). */
export function drawIntervalBand(u, low, high, tint) {
  const [xs] = u.data;
  let from = null;
  clipped(u, (ctx) => {
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = colour(tint);
    for (let row = 0; row < xs.length; row++) {
      const value = u.data[low][row];
      if (value === undefined) continue;
      const to = u.valToPos(xs[row], "x", true);
      if (value !== null && from !== null) {
        const top = u.valToPos(u.data[high][row], "bytes", true);
        const height = u.valToPos(value, "bytes", true) - top;
        ctx.fillRect(from, top, Math.max(to - from, 1), Math.max(height, 1));
      }
      from = to;
    }
  });
}

/** Fills between two lines from point to point. */
export function drawLineBand(u, low, high, tint) {
  const rows = u.data[0].map((_, row) => row).filter((row) => u.data[low][row] != null);
  if (rows.length === 0) return;
  const point = (series) => (row) => [
    u.valToPos(u.data[0][row], "x", true),
    u.valToPos(u.data[series][row], "bytes", true),
  ];
  clipped(u, (ctx) => {
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = colour(tint);
    ctx.beginPath();
    for (const at of [...rows.map(point(high)), ...rows.toReversed().map(point(low))]) ctx.lineTo(...at);
    ctx.fill();
  });
}

/** `stalls`: [begin, end] in seconds, ascending. */
export function drawStalls(u, stalls) {
  const { min, max } = u.scales.x;
  const seen = stalls.filter(([begin, end]) => end >= min && begin <= max);
  clipped(u, (ctx, { left, top, width, height }) => {
    const ratio = width / u.over.clientWidth;
    const whole = seen.length * CROWDED * ratio < width;
    ctx.globalAlpha = 0.4;
    ctx.fillStyle = colour("muted");
    for (const [begin, end] of seen) {
      const from = Math.max(u.valToPos(begin, "x", true), left - ratio);
      const to = u.valToPos(end, "x", true);
      const tall = whole ? height : TICK * ratio;
      ctx.fillRect(from, top + height - tall, Math.max(to - from, ratio), tall);
    }
  });
}
