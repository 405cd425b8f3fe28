import { UserError } from "../../cli/error.ts";
import type {
  FunctionRecord,
  MapRecord,
  MapStartRecord,
  MapSummaryRecord,
  StackRecord,
} from "../../metric/map-record.ts";
import { type ErrorRecord, SCHEMA } from "../../metric/record.ts";
import { FaultrecDecoder } from "../../source/faultrec/decode.ts";
import { OutputFile } from "../../views/file.ts";
import {
  isRecord,
  makeRecording,
  type Needed,
  readPieces,
  readValues,
  recordsView,
  startOf,
} from "../../views/recording-directory.ts";
import type { View } from "../../views/view.ts";
import { Collector, type CollectorOptions } from "./collector.ts";
import { Except, type Stalls } from "./except.ts";
import { type ProcessReading, type ReadingTime, RecordedReader } from "./process-reader.ts";
import { othersRecords, summaryRecord, toldOf, toldProcesses } from "./records.ts";

/** The stream of faults, as it came (docs/faultrec.md). */
const FAULTS = "faults.bin";
/** Each reading of /proc/PID/maps, with its place in the stream. */
const MAPS = "maps.ndjson";
/** The records that the stream does not tell: start, error, summary, and names that only that machine knew then. */
const RECORDS = "records.ndjson";

/** Where a stream is recorded to, beside what it is shown in. */
export interface StreamTap {
  chunk(bytes: Uint8Array): void;
  reading(pid: number, when: ReadingTime, reading: ProcessReading): void;
}

/** A recording of pgfaultmap that is being written: a view of its records, and a tap of its stream. */
export class MapRecording implements View<MapRecord>, StreamTap {
  readonly #records: View<MapRecord>;
  readonly #faults: OutputFile;
  readonly #maps: OutputFile;
  /** A stream that could not be written fails with the next record: who brings the stream cannot help it. */
  #failed: UserError | null = null;

  /** @throws UserError when the directory exists and is not empty, or cannot be made */
  constructor(directory: string) {
    makeRecording(directory);
    this.#records = recordsView(directory, RECORDS);
    this.#faults = new OutputFile(`${directory}/${FAULTS}`);
    this.#maps = new OutputFile(`${directory}/${MAPS}`);
  }

  chunk(bytes: Uint8Array): void {
    this.#attempt(() => this.#faults.write(bytes));
  }

  reading(pid: number, when: ReadingTime, { comm, maps }: ProcessReading): void {
    this.#attempt(() => this.#maps.write(`${JSON.stringify({ pid, when, comm, maps })}\n`));
  }

  take(record: MapRecord): void {
    if (this.#failed !== null) throw this.#failed;
    if (record.type in NEEDED) this.#records.take(record);
  }

  end(): void {
    for (const each of [this.#faults, this.#maps]) each.close();
    this.#records.end();
    if (this.#failed !== null) throw this.#failed;
  }

  #attempt(write: () => void): void {
    if (this.#failed !== null) return;
    try {
      write();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#failed = error;
    }
  }
}

type WhoRecord = FunctionRecord | StackRecord;
type KeptRecord = WhoRecord | MapStartRecord | MapSummaryRecord | ErrorRecord;

const NEEDED: Needed<KeptRecord["type"]> = {
  start: { time: "number", schema: "number", target: "string", pids: "object", degraded: "object" },
  summary: { time: "number", seconds: "number", pid: "number", comm: "string", minor: "number" },
  function: { pid: "number", function: "string", minor: "number", major: "number", share: "number" },
  stack: { pid: "number", comm: "string", frames: "object", minor: "number", major: "number" },
  error: { time: "number", message: "string" },
};

/**
 * Reads a recording of pgfaultmap back: its stream is sorted again, with the mappings as they were
 * read then. What a killed run could not write is told from the stream, the books as null.
 *
 * @param except faults that were under way in these have no latency
 * @throws UserError when it is no recording, or one of a later version, or `except` does not belong to it
 */
export function* replay(directory: string, except: Stalls | null = null): Generator<MapRecord[]> {
  const kept = readValues(directory, RECORDS).filter((value) => isRecord<KeptRecord>(value, NEEDED));
  const start = startOf<MapStartRecord>(directory, kept, SCHEMA);
  const collector = new Collector(start.pids, readings(directory), sortingOf(start));
  const filter = except && new Except(collector, except);
  const decoder = new FaultrecDecoder(filter ?? collector);
  readPieces(directory, FAULTS, (piece) => decoder.push(piece));
  decoder.end();
  collector.settle();
  filter?.check();
  yield [start];
  const summaries = kept.filter((record): record is MapSummaryRecord => record.type === "summary");
  const errors = kept.filter((record): record is ErrorRecord => record.type === "error");
  const closings = closingsOf(kept);
  yield [...errors, ...complaints(start, collector, summaries, errors)];
  for (const traced of toldProcesses(collector, start.pids)) {
    const told = toldOf(traced, collector);
    // a number may have been given to several processes: they come in the same order
    const closing = closings.get(traced.pid)?.shift();
    const summary =
      closing?.summary ??
      summaryRecord(traced, told, null, {
        comm: traced.comm,
        time: collector.startedAt + collector.lastAt,
        seconds: collector.lastAt,
        books: UNKNOWN,
        endedBy: "failure",
        exitStatus: null,
        huge: null,
      });
    const latencies = filter ? { ...told.cost, excepted: filter.of(traced.pid) } : {};
    yield [...told.regions, ...(closing?.who ?? []), told.heat, { ...summary, ...latencies }];
  }
  yield othersRecords(collector);
}

/** How its faults were sorted. */
const sortingOf = ({ nodes, eachMapping }: MapStartRecord): CollectorOptions => ({
  ...(nodes === undefined ? {} : { nodes }),
  ...(eachMapping === undefined ? {} : { eachMapping }),
});

/** What only that machine knew of a process; without a summary where it was cut. */
interface Closing {
  who: WhoRecord[];
  summary: MapSummaryRecord | null;
}

/** Of each process in turn: its functions and call chains, then its summary. */
function closingsOf(kept: readonly KeptRecord[]): Map<number, Closing[]> {
  const byPid = new Map<number, Closing[]>();
  for (const record of kept) {
    if (record.type === "start" || record.type === "error") continue;
    if (record.type === "stack" && !Array.isArray(record.frames)) continue; // damaged
    const known = byPid.get(record.pid) ?? [];
    byPid.set(record.pid, known);
    let last = known.at(-1);
    if (last === undefined || last.summary !== null) {
      last = { who: [], summary: null };
      known.push(last);
    }
    if (record.type === "summary") last.summary = record;
    else last.who.push(record);
  }
  return byPid;
}

const UNKNOWN = {
  failed: null,
  untraced: null,
  edge: null,
  unexplained: null,
  kernelMinor: null,
  kernelMajor: null,
};

const CUT =
  "the recording ends without a summary: the run was killed, or its disk was full; its books are unknown";

/** What is to be said of a recording that is not whole. */
function complaints(
  { time }: MapStartRecord,
  { damaged, startedAt, lastAt }: Collector,
  summaries: readonly MapSummaryRecord[],
  errors: readonly ErrorRecord[],
): ErrorRecord[] {
  const at = startedAt === 0 ? time : startedAt + lastAt;
  if (summaries.length === 0) return [{ type: "error", time: at, message: CUT }];
  if (damaged === null || errors.length > 0) return [];
  const message = `the stream of faults is damaged, what follows is missing: ${damaged}`;
  return [{ type: "error", time: at, message }];
}

function readings(directory: string): RecordedReader {
  const reader = new RecordedReader();
  for (const value of readValues(directory, MAPS)) {
    if (isReading(value)) reader.add(value.pid, value.when, value);
  }
  return reader;
}

function isReading(value: unknown): value is { pid: number; when: ReadingTime } & ProcessReading {
  if (typeof value !== "object" || value === null) return false;
  const { pid, when, comm, maps } = value as Record<string, unknown>;
  return (
    typeof pid === "number" &&
    (typeof when === "number" || when === "first" || when === "last") &&
    typeof comm === "string" &&
    typeof maps === "string"
  );
}
