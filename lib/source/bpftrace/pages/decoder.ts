import { BATCH, FAULT, newColumns } from "../../stream/batch.ts";
import type { Tally } from "../../stream/event.ts";
import type { FaultSink } from "../../stream/recorder.ts";
import { type PageLine, parsePagesLine } from "./line.ts";
import { StepClock } from "./step-clock.ts";

export interface PagesDecoderOptions {
  /** When the recording began and how long a step is, ns of CLOCK_MONOTONIC. */
  monotonicNs: number;
  stepNs: number;
  /** Not told of. */
  except: ReadonlySet<number>;
  /** A process has begun a program. */
  onExec: (pid: number) => void;
  /** The name of a process that began before. */
  commOf: (pid: number) => string;
  now: () => number;
}

/** Where a forked process comes from, and how many execs lay behind it then. */
interface Birth {
  parent: number;
  exec: number;
}

interface Counted {
  told: number;
  foreign: number;
}

/**
 * Turns what bt/pages.bt prints into a stream of faults: the pages of a step become rows that stand for several
 * faults each, after the forks and execs that they presuppose.
 */
export class PagesDecoder {
  readonly #options: PagesDecoderOptions;
  readonly #sink: FaultSink;
  readonly #clock: StepClock;
  readonly #batch = newColumns({ ip: false, physical: false, chain: false, repeats: true });
  /** Printed but not told yet, by map and key: one that was not cleared in time is printed again at the end. */
  #pages = new Map<string, Map<string, PageLine>>();
  /** The exec that the faults told last belong to, by process. */
  readonly #execs = new Map<number, number>();
  readonly #births = new Map<number, Birth>();
  readonly #names = new Map<string, string>();
  /** Those that have ended: since the last step, and before it. */
  #ending: number[] = [];
  #ended: number[] = [];
  readonly #scalars = new Map<string, number>();
  readonly #minor: Counted = { told: 0, foreign: 0 };
  readonly #major: Counted = { told: 0, foreign: 0 };
  #time = 0;

  constructor(options: PagesDecoderOptions, sink: FaultSink) {
    this.#options = options;
    this.#sink = sink;
    this.#clock = new StepClock(options.monotonicNs, options.stepNs);
  }

  line(text: string): void {
    const line = parsePagesLine(text);
    switch (line.type) {
      case "page": {
        const pages = this.#pages.get(line.map) ?? new Map<string, PageLine>();
        this.#pages.set(line.map, pages.set(line.key, line));
        break;
      }
      case "step":
        this.#tell([...this.#pages.values()], line.from, line.to);
        this.#pages = new Map();
        this.#bury();
        break;
      case "fork":
        this.#births.set(line.child, { parent: line.pid, exec: line.exec });
        break;
      case "exec":
        this.#names.set(nameKey(line.pid, line.exec), line.comm);
        this.#options.onExec(line.pid);
        break;
      case "exit":
        this.#ending.push(line.pid);
        break;
      case "scalar":
        this.#scalars.set(line.name, line.value);
        break;
    }
  }

  /** @param died why bpftrace ended before it was told to: what its maps still held is lost */
  end(died: string | null): void {
    const scalar = (name: string): number => this.#scalars.get(name) ?? 0;
    if (died !== null) {
      this.#tell([...this.#pages.values()], this.#clock.last, null);
      this.#sink.event({ type: "damaged", offset: 0, reason: died });
      return;
    }
    const [counting, resting] = scalar("@turn") === 1 ? ["@odd", "@even"] : ["@even", "@odd"];
    const mapsOf = (name: string) => [this.#pages.get(name)].filter((pages) => pages !== undefined);
    this.#tell(mapsOf(resting), scalar("@from"), scalar("@since"));
    this.#tell(mapsOf(counting), scalar("@since"), null);
    const minor = tally(scalar("@minor"), this.#minor);
    const major = tally(scalar("@major"), this.#major);
    this.#sink.event({ type: "end", time: this.#time, minor, major, lostOthers: 0, entries: null });
  }

  /** Of each process in the order of its execs; major faults first, so that none becomes a refault by chance. */
  #tell(maps: readonly Map<string, PageLine>[], from: number, to: number | null): void {
    this.#time = this.#clock.middle(from, to, this.#options.now());
    const pages = maps.flatMap((each) => [...each.values()]);
    pages.sort(
      (a, b) => a.pid - b.pid || a.exec - b.exec || Number(b.major) - Number(a.major) || a.page - b.page,
    );
    for (const page of pages) {
      const counted = page.major ? this.#major : this.#minor;
      if (this.#options.except.has(page.pid)) {
        counted.foreign += page.times;
        continue;
      }
      counted.told += page.times;
      this.#arriveAt(page);
      this.#add(page);
    }
    this.#flush();
  }

  /** Tells what lies between the last fault of the process and this one. */
  #arriveAt({ pid, exec }: PageLine): void {
    const birth = this.#births.get(pid);
    let before = this.#execs.get(pid) ?? exec;
    const happened = { time: this.#time, pid, tid: pid };
    if (birth !== undefined) {
      this.#births.delete(pid);
      this.#flush();
      const { parent } = birth;
      this.#sink.event({ type: "fork", ...happened, parentPid: parent, parentTid: parent });
      before = birth.exec;
    }
    this.#execs.set(pid, exec);
    if (before === exec) return;
    const key = nameKey(pid, exec);
    const comm = this.#names.get(key) ?? this.#options.commOf(pid);
    this.#names.delete(key);
    this.#flush();
    this.#sink.event({ type: "comm", ...happened, comm, exec: true });
  }

  #add({ pid, page, major, times }: PageLine): void {
    const batch = this.#batch;
    const i = batch.count++;
    batch.time[i] = this.#time;
    batch.page[i] = page;
    batch.pid[i] = pid;
    batch.tid[i] = pid;
    batch.flags[i] = major ? FAULT.major : 0;
    if (batch.repeats !== null) batch.repeats[i] = times;
    if (batch.count === BATCH) this.#flush();
  }

  #flush(): void {
    if (this.#batch.count > 0) this.#sink.faults(this.#batch);
    this.#batch.count = 0;
  }

  /** Of a process that had ended when the step ended, all faults have been told with the next. */
  #bury(): void {
    for (const pid of this.#ended) {
      this.#execs.delete(pid);
      this.#births.delete(pid);
      this.#sink.event({ type: "exit", time: this.#time, pid, tid: pid });
    }
    this.#ended = this.#ending;
    this.#ending = [];
  }
}

const nameKey = (pid: number, exec: number): string => `${pid} ${exec}`;

/** What was counted but is on no page did not fit into a map. */
function tally(counted: number, { told, foreign }: Counted): Tally {
  return { counted, told, foreign, lost: Math.max(0, counted - told - foreign), refused: null };
}
