import { EXIT, UserError } from "../cli/error.ts";
import { readSmaps } from "../procfs/smaps.ts";
import { formatBytes } from "../term/units.ts";
import type { Member } from "./members.ts";
import type { Method } from "./method.ts";

const PAGE = 4096;
/** A target may be kept from its own memory for so long without being asked. */
const BUDGET_S = 0.05;

export interface Prediction {
  /** The longest that marking will hold the mmap lock of one process, seconds. */
  stallSeconds: number;
  rss: number;
  pid: number;
}

/** By what the marking of this process itself takes a page, before the first window. */
export function predict(members: readonly Member[], methods: readonly Method[]): Prediction | null {
  const nsPerPage = Math.max(0, ...methods.map((method) => method.nsPerPage()));
  const sizes = members.map(({ pid }) => ({ pid, rss: rssOf(pid) })).sort((a, b) => b.rss - a.rss);
  const [largest] = sizes;
  if (largest === undefined) return null;
  return { ...largest, stallSeconds: ((largest.rss / PAGE) * nsPerPage) / 1e9 };
}

/** @throws UserError when the target would wait for longer than it should without the user's word */
export function checkBudget(prediction: Prediction | null, force: boolean): void {
  if (prediction === null || force || prediction.stallSeconds <= BUDGET_S) return;
  const { pid, rss, stallSeconds } = prediction;
  throw new UserError(
    `each window would keep pid ${pid} (${formatBytes(rss)} resident) from its memory for some ${Math.round(1000 * stallSeconds)} ms: --force does it`,
    EXIT.usage,
  );
}

const rssOf = (pid: number): number => (readSmaps(pid) ?? []).reduce((sum, { rss }) => sum + rss, 0);
