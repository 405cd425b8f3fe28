import type { FaultRecord, StartRecord } from "../metric/record.ts";
import { SCHEMA } from "../metric/record.ts";
import { missingEnd } from "./missing-end.ts";
import {
  isRecord,
  makeRecording,
  type Needed,
  readValues,
  recordsView,
  startOf,
} from "./recording-directory.ts";
import type { View } from "./view.ts";

/** Every record of pgfaultstat, as it came. */
const SAMPLES = "samples.ndjson";

/** @throws UserError when the directory exists and is not empty, or cannot be made */
export function recordingView(directory: string): View {
  makeRecording(directory);
  return recordsView(directory, SAMPLES);
}

/**
 * Reads a recording of pgfaultstat back. A line cut by a kill or a full disk ends it; the summaries that
 * an orderly end would have written are made from the samples, with what is unknown as null.
 *
 * @throws UserError when it is no recording, or one of a later version
 */
export function readRecording(directory: string): FaultRecord[] {
  const records = readValues(directory, SAMPLES).filter((value) => isRecord<FaultRecord>(value, NEEDED));
  const start = startOf<StartRecord>(directory, records, SCHEMA);
  return [...records, ...missingEnd(start, records)];
}

/** What the views cannot do without. */
const NEEDED: Needed<FaultRecord["type"]> = {
  start: { time: "number", schema: "number", target: "string", pids: "object", degraded: "object" },
  sample: {
    time: "number",
    seconds: "number",
    pid: "number",
    comm: "string",
    minor: "number",
    major: "number",
  },
  summary: {
    time: "number",
    seconds: "number",
    pid: "number",
    comm: "string",
    minor: "number",
    major: "number",
  },
  error: { time: "number", message: "string" },
};
