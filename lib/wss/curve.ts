import type { CurvePoint, WssCurveRecord, WssPointRecord } from "../metric/wss-record.ts";
import { curveVerdict } from "./curve-verdict.ts";
import { type Closing, medianOf } from "./summary.ts";

/** The longest window of --curve where none is given, seconds: an epoch lasts as long. */
export const LONGEST_S = 10;
/** The shortest: below this, marking and reading take as long as the window. */
export const SHORTEST_S = 0.01;

/** Windows of a curve, seconds: steps of 1, 2, 5 in each decade between the ends, and the ends. */
export function windowsOf(shortest: number, longest: number): number[] {
  const windows = [shortest];
  for (let power = Math.floor(Math.log10(shortest)); 10 ** power < longest; power++) {
    for (const step of [1, 2, 5]) {
      const window = Number(`${step}e${power}`);
      if (window > shortest && window < longest) windows.push(window);
    }
  }
  return [...windows, longest];
}

/** A reading so late tells of another window: of the planned length. */
const LATE = 1.25;

export const isLate = (seconds: number, window: number): boolean => seconds > LATE * window;

interface Tally {
  last: WssPointRecord;
  late: number;
  epochs: Set<number>;
  byWindow: Map<number, WssPointRecord[]>;
  shrinks: number;
  largestShrink: number;
}

/** Sums up points as they come, those of an epoch in their order. */
export class Curves {
  readonly #tallies = new Map<string, Tally>();

  add(point: WssPointRecord): void {
    const key = `${point.pid} ${point.method}`;
    const tally = this.#tallies.get(key) ?? {
      ...{ last: point, late: 0, shrinks: 0, largestShrink: 0 },
      epochs: new Set<number>(),
      byWindow: new Map<number, WssPointRecord[]>(),
    };
    this.#tallies.set(key, tally);
    const shrink = tally.last.epoch === point.epoch ? tally.last.wss - point.wss : 0;
    if (shrink > 0) tally.shrinks += 1;
    tally.largestShrink = Math.max(tally.largestShrink, shrink);
    tally.last = point;
    tally.epochs.add(point.epoch);
    if (isLate(point.seconds, point.window)) {
      tally.late += 1;
      return;
    }
    const points = tally.byWindow.get(point.window) ?? [];
    points.push(point);
    tally.byWindow.set(point.window, points);
  }

  /** One for each process and method, in the order they came. */
  records(closing: Closing): WssCurveRecord[] {
    return [...this.#tallies.values()].map((tally) => curveOf(tally, closing));
  }
}

function curveOf(
  { last, epochs, byWindow, late, shrinks, largestShrink }: Tally,
  { endedBy, exitStatus, time }: Closing,
): WssCurveRecord {
  const { pid, comm, method } = last;
  const points = [...byWindow.values()].map(pointOf).sort((a, b) => a.window - b.window);
  const fields = { pid, comm, method, epochs: epochs.size, points, late, shrinks, largestShrink };
  const verdict = curveVerdict(fields);
  return { type: "curve", time, ...fields, verdict, endedBy, exitStatus: exitStatus(pid) };
}

function pointOf(points: readonly WssPointRecord[]): CurvePoint {
  const least = (key: "wss" | "wssLow"): number => Math.min(...points.map((point) => point[key]));
  const most = (key: "wss" | "wssHigh" | "rss"): number => Math.max(...points.map((point) => point[key]));
  return {
    window: points[0]?.window ?? 0,
    seconds: medianOf(points.map(({ seconds }) => seconds)),
    epochs: points.length,
    wssMedian: medianOf(points.map(({ wss }) => wss)),
    wssMin: least("wss"),
    wssMax: most("wss"),
    wssLow: least("wssLow"),
    wssHigh: most("wssHigh"),
    rss: most("rss"),
  };
}
