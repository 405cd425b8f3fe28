import { EXIT, UserError } from "../../cli/error.ts";
import type { MapRecord } from "../../metric/map-record.ts";
import { type EndedBy, SCHEMA } from "../../metric/record.ts";
import { recordedBuildIds } from "../../source/perf-script/build-ids.ts";
import { examineRecording } from "../../source/perf-script/recording.ts";
import { replayRecording } from "../../source/perf-script/replay.ts";
import type { FaultSink } from "../../source/stream/recorder.ts";
import { Symbols } from "../../symbols/symbols.ts";
import { VERSION } from "../../version.ts";
import type { Books } from "../books.ts";
import { Collector } from "./collector.ts";
import { othersRecords, summaryRecord, toldOf, toldProcesses } from "./records.ts";
import type { Traced } from "./traced.ts";
import { whoRecords } from "./who/functions.ts";

/** The kernel's own counters, and what it counted beside them, are in no recording. */
const NO_BOOKS: Books = {
  failed: null,
  untraced: null,
  edge: null,
  unexplained: null,
  kernelMinor: null,
  kernelMajor: null,
};

export interface OfflineOptions {
  /** A perf.data file. */
  file: string;
  /** Which of its processes to tell of; null: all that faulted. */
  pids: readonly number[] | null;
  /** And the children that they fork in it. */
  follow: boolean;
  /** A region for each mapping, also of one file. */
  eachMapping: boolean;
  signal: AbortSignal;
}

/**
 * The regions and the summary of each process in a recording of perf. Nothing is read from /proc: a pid
 * may be another process's by now, so the mappings are those that perf recorded.
 *
 * @throws UserError when it cannot be read, or has none of the processes asked for
 */
export async function* mapRecording(options: OfflineOptions): AsyncGenerator<MapRecord[]> {
  const { file, pids, eachMapping, signal } = options;
  const recording = await examineRecording(file);
  const collector = new Collector(pids ?? [], { read: () => null }, { eachMapping });
  const parents = new Map<number, number>();
  const sink: FaultSink = {
    faults: (batch) => collector.faults(batch),
    event: (event) => {
      if (event.type === "fork" && event.pid !== event.parentPid) parents.set(event.pid, event.parentPid);
      collector.event(event);
    },
  };
  const replayed = await replayRecording(recording, sink, signal);
  const { failure, startedAt } = replayed;
  if (replayed.faults === 0) {
    throw new UserError(`cannot read '${file}': ${failure ?? "it holds no page fault"}`, EXIT.failed);
  }
  const traced = selected(options, collector, parents);
  const time = startedAt + replayed.seconds;
  yield [
    {
      type: "start",
      schema: SCHEMA,
      tool: "pgfaultmap",
      version: VERSION,
      time: startedAt,
      target: `recording ${file}`,
      pids: traced.map(({ pid }) => pid),
      source: "perf.data",
      degraded: recording.degraded,
    },
  ];
  if (failure !== null) yield [{ type: "error", time, message: `'${file}' is cut: ${failure}` }];
  const endedBy: EndedBy = failure !== null ? "failure" : signal.aborted ? "interrupt" : "recording";
  collector.startedAt = startedAt;
  collector.settle();
  const symbols = Symbols.recorded(await recordedBuildIds(recording.file));
  const lost = collector.damaged === null ? collector.lost : null;
  for (const each of traced) {
    const told = toldOf(each, collector);
    const closing = {
      comm: each.comm,
      time,
      seconds: replayed.seconds,
      books: NO_BOOKS,
      endedBy,
      exitStatus: null,
      huge: null,
    };
    const who = await whoRecords(each, told, closing.comm, symbols);
    yield [...told.regions, ...who, told.heat, summaryRecord(each, told, lost, closing)];
  }
  if (pids === null) yield othersRecords(collector);
}

/** @throws UserError for a pid that is not in it */
function selected(
  { file, pids, follow }: OfflineOptions,
  collector: Collector,
  parents: ReadonlyMap<number, number>,
): Traced[] {
  const all = collector.all();
  if (pids === null) return toldProcesses(collector, []);
  const missing = pids.find((pid) => !all.some((each) => each.pid === pid));
  if (missing !== undefined) {
    throw new UserError(`there is no process ${missing} in '${file}'`, EXIT.failed);
  }
  const isChosen = (pid: number | undefined): boolean =>
    pid !== undefined && (pids.includes(pid) || (follow && isChosen(parents.get(pid))));
  return all.filter(({ pid }) => isChosen(pid));
}
