import type { CurvePoint, WssCurveRecord } from "../metric/wss-record.ts";
import { printable } from "../term/table.ts";
import { formatBytes, formatNs, formatShare } from "../term/units.ts";
import { WRITES_ONLY } from "./method.ts";

/** The share of what the longest window finds that is most of it. */
const MOST = 0.9;

type Measured = Omit<WssCurveRecord, "type" | "time" | "verdict" | "endedBy" | "exitStatus">;

/** What the curve says, in plain words. */
export function curveVerdict({ comm, pid, method, points, epochs, ...curve }: Measured): string {
  const [shortest, longest] = [points[0], points.at(-1)];
  if (shortest === undefined || longest === undefined)
    return `No window of ${printable(comm, 15)} (pid ${pid}) was read in time.`;
  const epochsText = epochs === 1 ? "one epoch" : `${epochs} epochs`;
  // refault pages all of it out: what is resident then is what came back, and no measure
  const share = longest.rss > 0 ? longest.wssMedian / longest.rss : null;
  const part = method === "refault" ? "" : `, ${formatShare(share)} of its ${formatBytes(longest.rss)}`;
  const does = WRITES_ONLY.has(method) ? "writes" : "touches";
  const ends =
    shortest === longest ? "" : `${formatBytes(shortest.wssMedian)} in ${secondsText(shortest.seconds)} and `;
  return [
    `${printable(comm, 15)} (pid ${pid}) ${does} ${ends}${formatBytes(longest.wssMedian)} in ${secondsText(longest.seconds)}${part}${bendOf(points, longest)}.`,
    ...shrinksOf(curve),
    ...lateOf(curve),
    `By ${method}, ${epochsText}.`,
  ].join(" ");
}

/** Where the curve bends, or that it does not. */
function bendOf(points: readonly CurvePoint[], longest: CurvePoint): string {
  const [before] = points.slice(-2, -1);
  const bend = points.find(({ wssMedian }) => wssMedian >= MOST * longest.wssMedian);
  if (bend === undefined || before === undefined) return "";
  if (bend === longest) return "; still growing: a longer window would find more";
  if (bend === points[0]) return "; a longer window hardly finds more";
  return `; most of it in ${secondsText(bend.seconds)} already`;
}

function shrinksOf({ shrinks, largestShrink }: Pick<Measured, "shrinks" | "largestShrink">): string[] {
  if (shrinks === 0) return [];
  const times = shrinks === 1 ? "Once" : `${shrinks} times`;
  return [
    `${times} a longer window showed less than a shorter one, by up to ${formatBytes(largestShrink)}: memory was freed or evicted, or another process took the mark of a shared page.`,
  ];
}

function lateOf({ late }: Pick<Measured, "late">): string[] {
  if (late === 0) return [];
  return [
    late === 1
      ? "A reading came too late for its window and is left out."
      : `${late} readings came too late for their windows and are left out.`,
  ];
}

/** 0.0104 -> "10 ms", 2 -> "2.0 s". */
export const secondsText = (seconds: number): string =>
  formatNs(Number(seconds.toPrecision(2)) * 1e9).replace(/[nums]$/, (unit) =>
    unit === "s" ? " s" : ` ${unit}s`,
  );
