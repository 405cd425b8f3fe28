import type { CurvePoint, WssCurveRecord } from "../metric/wss-record.ts";
import { type Column, headerLine, rowLine } from "../term/table.ts";
import { formatBytes, formatNs } from "../term/units.ts";

/** Columns of the bar: with the others below 80. */
const BAR = 33;

const size = (title: string, value: (point: CurvePoint) => number): Column<CurvePoint> => ({
  title,
  width: 5,
  value: (point) => formatBytes(value(point)),
});

const COLUMNS: Column<CurvePoint>[] = [
  { title: "WINDOW", width: 6, value: ({ seconds }) => formatNs(seconds * 1e9) },
  size("WSS", ({ wssMedian }) => wssMedian),
  size("MIN", ({ wssMin }) => wssMin),
  size("MAX", ({ wssMax }) => wssMax),
  size("LOW", ({ wssLow }) => wssLow),
  size("HIGH", ({ wssHigh }) => wssHigh),
  size("RSS", ({ rss }) => rss),
];

/** The curve as a table; a bar up to the median of the epochs, dots up to the most, the frame is the largest RSS. */
export function curveLines({ points }: WssCurveRecord): string[] {
  const whole = points.reduce((most, { rss, wssMax }) => Math.max(most, rss, wssMax), 0);
  const columns = (bytes: number): number => (whole > 0 ? Math.round((BAR * bytes) / whole) : 0);
  const bar = ({ wssMedian, wssMax }: CurvePoint): string => {
    const solid = "@".repeat(columns(wssMedian));
    return solid.padEnd(columns(wssMax), ".").padEnd(BAR);
  };
  return [headerLine(COLUMNS), ...points.map((point) => `${rowLine(COLUMNS, point)} |${bar(point)}|`)];
}
