import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { EXIT, errnoOf, UserError } from "../cli/error.ts";
import type { FaultRecord, StartRecord } from "../metric/record.ts";
import { SCHEMA } from "../metric/record.ts";
import { fileError, OutputFile } from "./file.ts";
import type { View } from "./view.ts";

/**
 * A recording: meta.json says what was measured, samples.ndjson holds every record as it came, so
 * that a killed run still tells all it had seen.
 */
const META = "meta.json";
const SAMPLES = "samples.ndjson";

/** @throws UserError when the directory exists and is not empty, or cannot be made */
export function recordingView(directory: string): View {
  try {
    mkdirSync(directory, { recursive: true });
    if (readdirSync(directory).length > 0) {
      throw new UserError(`cannot record into '${directory}': it is not empty`);
    }
  } catch (error) {
    throw error instanceof UserError ? error : fileError("record into", directory, error);
  }
  const samples = new OutputFile(`${directory}/${SAMPLES}`);
  return {
    take: (record) => {
      if (record.type === "start") {
        const meta = new OutputFile(`${directory}/${META}`);
        meta.write(`${JSON.stringify(record, null, 2)}\n`);
        meta.close();
      }
      samples.write(`${JSON.stringify(record)}\n`);
    },
    end: () => samples.close(),
  };
}

/**
 * Reads a recording back. A line cut by a kill or a full disk ends it; without the summaries of an
 * orderly end they are made from the samples, with what is unknown as null.
 *
 * @throws UserError when it is no recording, or one of a later version
 */
export function readRecording(directory: string): FaultRecord[] {
  let text: string;
  try {
    text = readFileSync(`${directory}/${SAMPLES}`, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT")
      throw new UserError(`'${directory}' is no recording: it has no ${SAMPLES}`, EXIT.failed);
    throw fileError("read", `${directory}/${SAMPLES}`, error);
  }
  const records = text.split("\n").flatMap((line) => parseRecord(line) ?? []);
  const start = records.find((record) => record.type === "start");
  if (start === undefined || start.type !== "start") {
    throw new UserError(`'${directory}' is no recording: it does not begin with a start record`, EXIT.failed);
  }
  if (start.schema > SCHEMA) {
    throw new UserError(
      `'${directory}' has format ${start.schema}, this version reads up to ${SCHEMA}`,
      EXIT.failed,
    );
  }
  return records.some((record) => record.type === "summary") ? records : completed(start, records);
}

function parseRecord(line: string): FaultRecord | null {
  if (line === "") return null;
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : null;
  } catch {
    return null; // the last line of a killed run
  }
}

const TYPES: ReadonlySet<unknown> = new Set(["start", "sample", "summary", "error"]);

const isRecord = (value: unknown): value is FaultRecord =>
  typeof value === "object" && value !== null && "type" in value && TYPES.has(value.type) && "time" in value;

/** Summaries for a run that was killed before it could write them. */
function completed(start: StartRecord, records: FaultRecord[]): FaultRecord[] {
  const totals = new Map<number, { comm: string; minor: number; major: number; time: number }>();
  for (const record of records) {
    if (record.type !== "sample") continue;
    const total = totals.get(record.pid) ?? { comm: "", minor: 0, major: 0, time: 0 };
    totals.set(record.pid, {
      comm: record.comm,
      minor: total.minor + record.minor,
      major: total.major + record.major,
      time: record.time,
    });
  }
  const last = Math.max(start.time, ...[...totals.values()].map((total) => total.time));
  const message = "the recording ends without a summary: the run was killed; sums are those of its samples";
  const error: FaultRecord = { type: "error", time: last, message };
  const summaries = [...totals].map(
    ([pid, total]): FaultRecord => ({
      type: "summary",
      time: last,
      pid,
      comm: total.comm,
      seconds: last - start.time,
      minor: total.minor,
      major: total.major,
      failed: null,
      kernelMinor: null,
      kernelMajor: null,
      untraced: null,
      edge: null,
      unexplained: null,
      lost: null,
      exited: false,
      endedBy: "failure",
      exitStatus: null,
    }),
  );
  return [...records, error, ...summaries];
}
