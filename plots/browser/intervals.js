/**
 * How a chart of intervals is drawn and read: a row's value is valid from the row before it up to its
 * own x; null rows mark where nothing was sampled. uPlot's stepped paths would hide an interval that
 * stands alone between two gaps, and those are the ones that matter (a single major fault).
 */

/** A uPlot path builder: a level line over each interval, joined to the next where both touch. */
export function intervalPaths(u, seriesIdx, first, last) {
  return uPlot.orient(u, seriesIdx, (_series, xs, ys, scaleX, scaleY, toX, toY, left, top, width, height) => {
    const stroke = new Path2D();
    const x = (index) => toX(xs[index], scaleX, width, left);
    let from = x(previousRow(ys, first));
    let open = null;
    for (let index = first; index <= last; index++) {
      const value = ys[index];
      if (value === undefined) continue;
      const to = x(index);
      if (value === null) {
        open = null;
      } else {
        const y = toY(value, scaleY, height, top);
        if (open === null) stroke.moveTo(from, y);
        else stroke.lineTo(from, y);
        stroke.lineTo(Math.max(to, from + 1), y);
        open = y;
      }
      from = to;
    }
    return { stroke, fill: null, clip: null, band: null, gaps: null, flags: 0 };
  });
}

/** The row before `first` that this series has: undefined ones belong to other series of the chart. */
function previousRow(ys, first) {
  let index = first - 1;
  while (index > 0 && ys[index] === undefined) index--;
  return Math.max(index, 0);
}

/** The row whose interval holds x, for the legend: uPlot would take the nearest. */
export function rowAt(u, seriesIdx, _nearest, x) {
  const xs = u.data[0];
  const ys = u.data[seriesIdx];
  let low = 0;
  let high = xs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle + 1;
    else high = middle;
  }
  while (low < xs.length - 1 && ys[low] === undefined) low++;
  return low;
}
