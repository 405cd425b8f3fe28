import { UserError } from "../cli/error.ts";
import type { Stall, Stalls } from "../fault/map/except.ts";
import type { WssRecord } from "../metric/wss-record.ts";
import { readWssRecording } from "./recording.ts";

/**
 * The stalls of a recording of wss; the readings of one epoch of a curve share theirs.
 *
 * @throws UserError when it is no recording of wss, or has none with a time that can be compared
 */
export function readStalls(directory: string): Stalls {
  const marked = readWssRecording(directory).filter(isMarked);
  const [first] = marked;
  if (first === undefined)
    throw new UserError(`'${directory}' has no window of wss with the time of its marking (stallNs)`);
  const byPid = new Map<number, Stall[]>();
  for (const { pid, stallNs } of marked.toSorted((a, b) => a.stallNs[0] - b.stallNs[0])) {
    const [beginNs, endNs] = stallNs;
    const known = byPid.get(pid) ?? [];
    byPid.set(pid, known);
    const last = known.at(-1);
    if (last !== undefined && beginNs <= last.endNs) last.endNs = Math.max(last.endNs, endNs);
    else known.push({ beginNs, endNs });
  }
  return { byPid, clockOffset: first.stall[0] - first.stallNs[0] / 1e9 };
}

type Marked = Extract<WssRecord, { type: "sample" | "point" }>;

/** Recordings of the first versions have no stallNs. */
const isMarked = (record: WssRecord): record is Marked =>
  (record.type === "sample" || record.type === "point") &&
  [record.stall, record.stallNs].every((each) => Array.isArray(each) && each.every(Number.isFinite));
