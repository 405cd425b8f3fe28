import { SCHEMA } from "../metric/record.ts";
import type { WssRecord, WssStartRecord } from "../metric/wss-record.ts";
import {
  isRecord,
  makeRecording,
  type Needed,
  readValues,
  recordsView,
  startOf,
} from "../views/recording-directory.ts";
import type { View } from "../views/view.ts";
import { Curves } from "./curve.ts";
import { type Closing, Summaries } from "./summary.ts";

const SAMPLES = "samples.ndjson";

/** @throws UserError when the directory exists and is not empty, or cannot be made */
export function wssRecordingView(directory: string): View<WssRecord> {
  makeRecording(directory);
  return recordsView(directory, SAMPLES);
}

const CUT = "the recording ends without a summary: the run was killed; sums are those of its samples";

/**
 * Reads a recording of wss back; summaries that a killed run could not write are made from its samples.
 *
 * @throws UserError when it is no recording, or one of a later version
 */
export function readWssRecording(directory: string): WssRecord[] {
  const records = readValues(directory, SAMPLES).filter((value) => isRecord<WssRecord>(value, NEEDED));
  const start = startOf<WssStartRecord>(directory, records, SCHEMA);
  if (records.some(({ type }) => type === "summary" || type === "curve")) return records;
  const sums = new Summaries();
  const curves = new Curves();
  let { time } = start;
  for (const record of records) {
    if (record.type === "sample") sums.add(record);
    else if (record.type === "point") curves.add(record);
    else continue;
    time = record.time;
  }
  const closing: Closing = { endedBy: "failure", exitStatus: () => null, time };
  const error: WssRecord = { type: "error", time, message: CUT };
  return [...records, error, ...sums.records(closing), ...curves.records(closing)];
}

const SIZES = { pid: "number", method: "string", seconds: "number", costSeconds: "number" } as const;

/** What the views cannot do without. */
const NEEDED: Needed<WssRecord["type"]> = {
  start: {
    time: "number",
    schema: "number",
    target: "string",
    pids: "object",
    methods: "object",
    degraded: "object",
  },
  sample: {
    time: "number",
    comm: "string",
    ...SIZES,
    wss: "number",
    wssLow: "number",
    wssHigh: "number",
    rss: "number",
    pss: "number",
    swap: "number",
  },
  region: { pid: "number", start: "string", end: "string", name: "string", wss: "number", rss: "number" },
  point: {
    time: "number",
    comm: "string",
    ...SIZES,
    epoch: "number",
    window: "number",
    wss: "number",
    wssLow: "number",
    wssHigh: "number",
    rss: "number",
  },
  curve: {
    time: "number",
    pid: "number",
    comm: "string",
    method: "string",
    points: "object",
    verdict: "string",
  },
  limit: { time: "number", pids: "object", limit: "number", witnesses: "object", verdict: "string" },
  summary: { time: "number", comm: "string", ...SIZES, wssMedian: "number", verdict: "string" },
  refused: { time: "number", pid: "number", method: "string", reason: "string" },
  error: { time: "number", message: "string" },
};
