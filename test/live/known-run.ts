import type {
  WssRecord,
  WssRefusedRecord,
  WssRegionRecord,
  WssSampleRecord,
  WssStartRecord,
  WssSummaryRecord,
} from "../../lib/metric/wss-record.ts";
import { start } from "../helpers-c/programs.ts";
import type { Hot } from "./known-set.ts";
import { toolCommand } from "./tool.ts";

/** What a run of wss -j said, and how it ended. */
export interface WssRun {
  start: WssStartRecord | undefined;
  samples: WssSampleRecord[];
  regions: WssRegionRecord[];
  refused: WssRefusedRecord[];
  summaries: WssSummaryRecord[];
  status: number | null;
  stderr: string;
}

/** Runs wss -j to its own end; `onStart` is called once it measures. */
export async function runWss(args: string[], onStart: () => void = () => undefined): Promise<WssRun> {
  const program = start("node", [...toolCommand("wss"), "-j", ...args]);
  const records: WssRecord[] = [];
  for (let line = await program.line(); line !== null; line = await program.line()) {
    records.push(JSON.parse(line));
    if (records.length === 1) onStart();
  }
  const { code, stderr } = await program.end;
  const of = <Type extends WssRecord["type"]>(type: Type) =>
    records.filter((record): record is Extract<WssRecord, { type: Type }> => record.type === type);
  return {
    start: of("start")[0],
    samples: of("sample"),
    regions: of("region"),
    refused: of("refused"),
    summaries: of("summary"),
    status: code,
    stderr,
  };
}

/** What a window found in a known set's own memory, and what else in the process. */
export interface Found {
  wss: number;
  low: number;
  high: number;
  elsewhere: number;
}

/** A sample's part that lies in a piece of memory. */
export function foundIn(
  hot: Pick<Hot, "start" | "end">,
  { regions }: WssRun,
  sample: WssSampleRecord,
): Found {
  const found: Found = { wss: 0, low: 0, high: 0, elsewhere: 0 };
  for (const region of regions) {
    if (region.pid !== sample.pid || region.method !== sample.method || region.time !== sample.time) continue;
    if (Number(region.start) < hot.start || Number(region.end) > hot.end) {
      found.elsewhere += region.wss;
      continue;
    }
    found.wss += region.wss;
    found.low += region.wssLow;
    found.high += region.wssHigh;
  }
  return found;
}

/** How far the wall clock, which is read to the ms, may lie from the monotonic one in between, ms. */
const MARGIN_MS = 2;

/** The set was touched whole after the marking ended and before the reading began. */
export function hasWholePass(
  hot: Pick<Hot, "passes">,
  { stall, time, costSeconds }: WssSampleRecord,
): boolean {
  const offset = Date.now() - Number(process.hrtime.bigint()) / 1e6;
  const monotonicNs = (seconds: number, ms: number): number => (seconds * 1000 + ms - offset) * 1e6;
  const from = monotonicNs(stall[1], MARGIN_MS);
  const to = monotonicNs(time - (costSeconds - (stall[1] - stall[0])), -MARGIN_MS);
  return hot.passes.some(({ beginNs, endNs }) => beginNs >= from && endNs <= to);
}
