import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { EXIT, errnoOf, UserError } from "../cli/error.ts";
import { LineSplitter } from "../subprocess/lines.ts";
import { fileError, OutputFile } from "./file.ts";
import type { View } from "./view.ts";

/**
 * A recording (-o DIR): meta.json is its start record and says whose it is; the other files are written
 * as their data come, so that a killed run still tells all it had seen.
 */
const META = "meta.json";

/** @throws UserError when the directory exists and is not empty, or cannot be made */
export function makeRecording(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
    if (readdirSync(directory).length > 0) {
      throw new UserError(`cannot record into '${directory}': it is not empty`);
    }
  } catch (error) {
    throw error instanceof UserError ? error : fileError("record into", directory, error);
  }
}

/** Writes records as they come, a line each, and the first one, the start, to meta.json too. */
export function recordsView<Kind extends { type: string }>(directory: string, file: string): View<Kind> {
  const lines = new OutputFile(`${directory}/${file}`);
  return {
    take: (record) => {
      if (record.type === "start") {
        const meta = new OutputFile(`${directory}/${META}`);
        meta.write(`${JSON.stringify(record, null, 2)}\n`);
        meta.close();
      }
      lines.write(`${JSON.stringify(record)}\n`);
    },
    end: () => lines.close(),
  };
}

/** The tool whose recording it is; null where meta.json is missing or damaged. @throws UserError */
export function toolOf(directory: string): string | null {
  try {
    const meta: unknown = JSON.parse(readFileSync(`${directory}/${META}`, "utf8"));
    if (typeof meta !== "object" || meta === null || !("tool" in meta)) return null;
    return typeof meta.tool === "string" ? meta.tool : null;
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) === "ENOENT") return null;
    throw fileError("read", `${directory}/${META}`, error);
  }
}

/**
 * The JSON values of a file's lines. Lines that are none (the last of a killed run) are passed over.
 *
 * @throws UserError when it cannot be read
 */
export function readValues(directory: string, file: string): unknown[] {
  const splitter = new LineSplitter();
  const lines: string[] = [];
  readPieces(directory, file, (piece) => {
    for (const line of splitter.push(piece)) lines.push(line);
  });
  return [...lines, ...splitter.end()].flatMap((line) => jsonOf(line) ?? []);
}

/** A file in pieces, since it may be larger than a string or a buffer may be. @throws UserError */
export function readPieces(directory: string, file: string, take: (piece: Uint8Array) => void): void {
  const path = `${directory}/${file}`;
  const piece = Buffer.alloc(1 << 20);
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    for (let n = readSync(fd, piece); n > 0; n = readSync(fd, piece)) take(piece.subarray(0, n));
  } catch (error) {
    if (errnoOf(error) === "ENOENT")
      throw new UserError(`'${directory}' is no recording: it has no ${file}`, EXIT.failed);
    throw fileError("read", path, error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/**
 * The start record among the others.
 *
 * @throws UserError when there is none, or it is of a later version
 */
export function startOf<Start extends { type: "start"; schema: number }>(
  directory: string,
  records: readonly ({ type: string } | Start)[],
  schema: number,
): Start {
  const start = records.find((record): record is Start => record.type === "start");
  if (start === undefined) {
    throw new UserError(`'${directory}' is no recording: it does not begin with a start record`, EXIT.failed);
  }
  if (start.schema > schema) {
    throw new UserError(
      `'${directory}' has format ${start.schema}, this version reads up to ${schema}`,
      EXIT.failed,
    );
  }
  return start;
}

/** The fields that a record cannot do without, with their types. */
export type Needed<Type extends string> = Record<Type, Record<string, "number" | "string" | "object">>;

/** Whether a value is a record of one of these types with all it needs; types not known (yet) are not. */
export function isRecord<Kind extends { type: string }>(
  value: unknown,
  needed: Needed<Kind["type"]>,
): value is Kind {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const wanted = Object.entries<Record<string, string>>(needed).find(([type]) => type === fields.get("type"));
  if (wanted === undefined) return false;
  return Object.entries(wanted[1]).every(([name, type]) => typeof fields.get(name) === type);
}
