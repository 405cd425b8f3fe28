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
 * Reads a recording back. A line cut by a kill or a full disk ends it; the summaries that an orderly
 * end would have written are made from the samples, with what is unknown as null.
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
  return [...records, ...missingEnd(start, records)];
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

const CUT = "the recording ends without a summary: the run was killed; sums are those of its samples";
const EMPTY = "the recording holds no sample and no summary: the run was killed, or nothing was counted";

interface Total {
  comm: string;
  minor: number;
  major: number;
  time: number;
}

/** What a run that was killed could not write: a note, and a summary for each process that has none. */
function missingEnd(start: StartRecord, records: readonly FaultRecord[]): FaultRecord[] {
  const totals = new Map<number, Total>();
  for (const record of records) {
    if (record.type !== "sample") continue;
    const { pid, tid = pid, time } = record;
    const known = totals.get(pid);
    totals.set(pid, {
      // a thread may have a name of its own
      comm: tid === pid || known === undefined ? record.comm : known.comm,
      minor: (known?.minor ?? 0) + record.minor,
      major: (known?.major ?? 0) + record.major,
      time,
    });
  }
  const time = Math.max(start.time, ...[...totals.values()].map((total) => total.time));
  const isEmpty = totals.size === 0 && !records.some((record) => record.type === "summary");
  for (const record of records) if (record.type === "summary") totals.delete(record.pid);
  if (totals.size === 0 && !isEmpty) return [];
  const summaries = [...totals].map(([pid, total]) => summaryOf(start, pid, { ...total, time }));
  return [{ type: "error", time, message: isEmpty ? EMPTY : CUT }, ...summaries];
}

const summaryOf = (start: StartRecord, pid: number, { comm, minor, major, time }: Total): FaultRecord => ({
  type: "summary",
  time,
  pid,
  comm,
  seconds: time - start.time,
  minor,
  major,
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
});
