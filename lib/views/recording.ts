import { closeSync, mkdirSync, openSync, readdirSync, readSync } from "node:fs";
import { EXIT, errnoOf, UserError } from "../cli/error.ts";
import type { FaultRecord } from "../metric/record.ts";
import { SCHEMA } from "../metric/record.ts";
import { LineSplitter } from "../subprocess/lines.ts";
import { fileError, OutputFile } from "./file.ts";
import { missingEnd } from "./missing-end.ts";
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
  const records = readLines(directory).flatMap((line) => parseRecord(line) ?? []);
  const start = records.find((record) => record.type === "start");
  if (start === undefined) {
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

/** In pieces, since a long recording is larger than a string may be (0.5 GiB). */
function readLines(directory: string): string[] {
  const path = `${directory}/${SAMPLES}`;
  const splitter = new LineSplitter();
  const lines: string[] = [];
  const piece = Buffer.alloc(1 << 20);
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    for (let n = readSync(fd, piece); n > 0; n = readSync(fd, piece)) {
      for (const line of splitter.push(piece.subarray(0, n))) lines.push(line);
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT")
      throw new UserError(`'${directory}' is no recording: it has no ${SAMPLES}`, EXIT.failed);
    throw fileError("read", path, error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
  return [...lines, ...splitter.end()];
}

/** What the views cannot do without, by the type of the record. */
const NEEDED: Record<FaultRecord["type"], Record<string, "number" | "string" | "object">> = {
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

/** Null for the last line of a killed run, and for types that are not known (yet). */
function parseRecord(line: string): FaultRecord | null {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is FaultRecord {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const needed = Object.entries(NEEDED).find(([type]) => type === fields.get("type"))?.[1];
  if (needed === undefined) return false;
  return Object.entries(needed).every(([name, type]) => typeof fields.get(name) === type);
}
