import type { WssPointRecord, WssSampleRecord } from "../metric/wss-record.ts";

/** The columns of the CSV, named as the fields of a sample are. */
export const WSS_COLUMNS = [
  "time",
  "seconds",
  "pid",
  "comm",
  "method",
  "wss",
  "wssLow",
  "wssHigh",
  "anon",
  "file",
  "untracked",
  "rss",
  "pss",
  "swap",
  "minor",
  "major",
  "costSeconds",
] as const satisfies readonly (keyof WssSampleRecord)[];

/** The same of a curve. */
export const POINT_COLUMNS = [
  "time",
  "pid",
  "comm",
  "method",
  "epoch",
  "window",
  "seconds",
  "wss",
  "wssLow",
  "wssHigh",
  "rss",
  "costSeconds",
] as const satisfies readonly (keyof WssPointRecord)[];
