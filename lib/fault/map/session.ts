import { messageOf, UserError } from "../../cli/error.ts";
import { hasSeveralNodes, readNodeRanges } from "../../kernel/numa.ts";
import { hugePages, thpMode } from "../../kernel/thp.ts";
import type { MapRecord, MapStartRecord } from "../../metric/map-record.ts";
import type { EndedBy } from "../../metric/record.ts";
import { SCHEMA } from "../../metric/record.ts";
import { type Attached, attachVia, type RecorderName } from "../../source/recorders.ts";
import { pidsOf } from "../../source/scope.ts";
import type { Recorder } from "../../source/stream/recorder.ts";
import { Symbols } from "../../symbols/symbols.ts";
import type { Target } from "../../target/target.ts";
import { VERSION } from "../../version.ts";
import { type Books, balance } from "../books.ts";
import { KernelWindow } from "../stat/kernel-window.ts";
import { watchEnds } from "../stat/watch.ts";
import { Collector } from "./collector.ts";
import { countEntries, type Entries } from "./entries.ts";
import type { LiveView } from "./live.ts";
import { LiveReader } from "./process-reader.ts";
import type { StreamTap } from "./recording.ts";
import { othersRecords, summaryRecord, toldOf, toldProcesses } from "./records.ts";
import { hasEnded, type Traced } from "./traced.ts";
import { whoRecords } from "./who/functions.ts";

export interface MapOptions {
  target: Target;
  /** Seconds after which the measurement ends. */
  duration: number | null;
  /** Ask the kernel for the size of each page: else only where every process may get huge pages. */
  pageSizes: boolean;
  /** As little cost to the target as can be (RecorderOptions.light). */
  light: boolean;
  /** Record the latency of each fault, and what access it was. */
  latency: boolean;
  types: boolean;
  /** Gets the stream itself, to be recorded. */
  tap: StreamTap | null;
  /** Shows what there is so far, once a second. */
  live: LiveView | null;
  /** What records. */
  via: RecorderName | "auto";
  /** Record call chains. */
  stacks: boolean;
  /** A region for each mapping, also of one file. */
  eachMapping: boolean;
  signal: AbortSignal;
}

/**
 * Records until it is told to end, then yields the regions and the summary of each process.
 *
 * @throws UserError when the recorder does not attach or COMMAND cannot be run
 */
export async function* mapFaults(options: MapOptions): AsyncGenerator<MapRecord[]> {
  const { target, tap } = options;
  const { scope } = target;
  const window = new KernelWindow();
  const symbols = new Symbols();
  const isHuge = thpMode() === "always";
  const physical = options.pageSizes || (isHuge && !options.light);
  const ranges = physical ? readNodeRanges() : [];
  const kept = {
    ...(hasSeveralNodes(ranges) ? { nodes: ranges } : {}),
    ...(options.eachMapping ? { eachMapping: true as const } : {}),
  };
  const reader = new LiveReader(tap?.reading.bind(tap));
  const collector = new Collector(target.pids, reader, {
    hold: (pid, mapping) => symbols.hold(pid, mapping),
    stacks: options.stacks,
    ...kept,
  });

  window.beforeAttach(pidsOf(scope));
  const attached = await attachVia(
    options.via,
    {
      scope,
      except: [process.pid],
      physical,
      light: options.light,
      latency: options.latency,
      types: options.types,
      stacks: options.stacks,
      onExec: (pid) => reader.watch(pid),
    },
    collector,
    tap?.chunk.bind(tap),
  );
  const { recorder } = attached;
  const entries = await countEntries(scope);
  window.afterAttach(pidsOf(scope));

  const startTime = Date.now() / 1000;
  const ending = new Ending();
  const watch = watchEnds(options, (by) => ending.by(by));
  void recorder.ended.then(
    () => ending.by("exit"),
    () => ending.by("failure"),
  );
  try {
    await target.command?.go();
    if (target.command !== null) void target.command.ended.finally(() => ending.by("exit"));
    const start = startRecord(target, attached, startTime);
    if (isHuge && options.light) start.degraded.push(SIZES_UNKNOWN);
    yield [{ ...start, ...kept }];

    const live = setInterval(() => options.live?.show(collector, Date.now() / 1000 - startTime), LIVE_MS);
    const { endedBy, time } = await ending.came.finally(() => clearInterval(live));
    options.live?.end();
    // also those whose first faults have not been told yet
    const known = (): number[] => [...new Set([...pidsOf(scope), ...collector.all().map(({ pid }) => pid)])];
    window.beforeStop(known());
    const failure = await stopAll(recorder, entries);
    window.afterStop(known());
    if (failure !== null) yield [{ type: "error", time, message: failure }];
    collector.settle();
    const status = target.command === null ? null : await Promise.race([target.command.ended, null]);
    const lost = collector.damaged === null ? collector.lost : null;
    const huge = hugePages();
    for (const traced of toldProcesses(collector, target.pids)) {
      const told = toldOf(traced, collector);
      const closing = {
        comm: nameOf(traced, window),
        time,
        seconds: time - startTime,
        books: booksOf(traced, window, await entries.of(traced.pid), lost),
        endedBy: failure === null ? endedBy : "failure",
        exitStatus: traced.pid === target.command?.pid ? status : null,
        huge,
      } as const;
      const who = await whoRecords(traced, told, closing.comm, symbols);
      yield [...told.regions, ...who, told.heat, summaryRecord(traced, told, lost, closing)];
    }
    yield othersRecords(collector);
  } finally {
    watch.close();
    symbols.close();
    await stopAll(recorder, entries);
  }
}

const LIVE_MS = 1000;

const SIZES_UNKNOWN = "with --light the kernel is not asked for sizes: a huge page counts as one page";

/** Why and when the measurement ended: what comes first counts. */
class Ending {
  readonly came: Promise<{ endedBy: EndedBy; time: number }>;
  #tell: (end: { endedBy: EndedBy; time: number }) => void = () => undefined;

  constructor() {
    this.came = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  by(endedBy: EndedBy): void {
    this.#tell({ endedBy, time: Date.now() / 1000 });
  }
}

const startRecord = (
  target: Target,
  { name, degraded, recorder }: Attached,
  time: number,
): MapStartRecord => ({
  type: "start",
  schema: SCHEMA,
  tool: "pgfaultmap",
  version: VERSION,
  time,
  target: target.description,
  pids: target.pids,
  source: name,
  degraded: [...target.degraded, ...degraded, ...recorder.degraded],
});

/** Stops both; returns why the recorder failed, or null. */
async function stopAll(recorder: Recorder, entries: Entries): Promise<string | null> {
  await entries.stop();
  try {
    await recorder.stop();
    return null;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return messageOf(error);
  }
}

/** Of one that has ended /proc may know nothing more, or name another of its number. */
function nameOf(traced: Traced, window: KernelWindow): string {
  const told = window.commOf(traced.pid) ?? "";
  return hasEnded(traced) ? traced.comm || told : told || traced.comm;
}

/** Faults that were lost look like failed and like untraced ones: then neither is known. */
function booksOf(traced: Traced, window: KernelWindow, entries: number | null, lost: number | null): Books {
  const { pid, minor, major } = traced;
  const { end, threads } = window.closing(pid, null, hasEnded(traced));
  const books = balance({ minor, major, entries, underWay: threads }, window.start(pid), end);
  return lost === 0 ? books : { ...books, failed: null, untraced: null };
}
