import { type Mapping, parseMaps, readMapsText } from "../../procfs/maps.ts";
import { readPidStat } from "../../procfs/pid-stat.ts";

/** What /proc said of a process at one moment. */
export interface ProcessReading {
  comm: string;
  /** /proc/PID/maps. */
  maps: string;
}

/** When: once everything was attached, at a position of the stream, or when it had ended. */
export type ReadingTime = "first" | number | "last";

/** /proc beside a stream of faults: as it is now, or as it was when the stream was recorded. */
export interface ProcessReader {
  /**
   * @param when a position counts the faults and the events that came before
   * @returns null when the process is gone, may not be read, or not again so soon
   */
  read(pid: number, when: ReadingTime): ProcessReading | null;
  /** By an exec its mappings are all new: it may be read again at once. */
  execed?(pid: number): void;
  /** Its number may be another's soon. */
  ended?(pid: number): void;
}

/** Reading maps costs the target its mmap lock: not more often for faults in places nobody knows. */
const REREAD_MS = 20;
/** What a program maps as it begins is read at once, then after twice the time again and again, in all 0.5 s. */
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 256;

/** Processes that run. */
export class LiveReader implements ProcessReader {
  readonly #last = new Map<number, number>();
  /** Of programs that have just begun: the last reading. */
  readonly #watched = new Map<number, ProcessReading>();
  readonly #tap: (pid: number, when: ReadingTime, reading: ProcessReading) => void;

  /** @param tap gets every reading, to be recorded */
  constructor(tap: (pid: number, when: ReadingTime, reading: ProcessReading) => void = () => undefined) {
    this.#tap = tap;
  }

  read(pid: number, when: ReadingTime): ProcessReading | null {
    if (typeof when === "number" && this.#isTooSoon(pid)) return null;
    const reading = readingOf(pid) ?? this.#watched.get(pid) ?? null;
    if (reading !== null) this.#tap(pid, when, reading);
    return reading;
  }

  /**
   * A program begins, and what it faults will be told late: looks at it while it lives, so that read() can tell
   * what it had mapped.
   */
  watch(pid: number): void {
    this.#watched.delete(pid);
    this.#look(pid, FIRST_LOOK_MS);
  }

  #look(pid: number, nextMs: number): void {
    const reading = readingOf(pid);
    if (reading === null) return;
    this.#watched.set(pid, reading);
    if (nextMs <= LAST_LOOK_MS) setTimeout(() => this.#look(pid, 2 * nextMs), nextMs).unref();
  }

  execed(pid: number): void {
    this.#last.delete(pid);
  }

  ended(pid: number): void {
    this.#last.delete(pid);
    this.#watched.delete(pid);
  }

  #isTooSoon(pid: number): boolean {
    const now = performance.now();
    if (now - (this.#last.get(pid) ?? Number.NEGATIVE_INFINITY) < REREAD_MS) return true;
    this.#last.set(pid, now);
    return false;
  }
}

/** Null when it has ended or may not be read: a zombie has no mappings. */
function readingOf(pid: number): ProcessReading | null {
  const maps = readMapsText(pid);
  return maps === null || maps === "" ? null : { comm: readPidStat(pid)?.comm ?? "", maps };
}

/** Processes as LiveReader read them when the stream was recorded. */
export class RecordedReader implements ProcessReader {
  readonly #readings = new Map<string, ProcessReading>();

  add(pid: number, when: ReadingTime, reading: ProcessReading): void {
    this.#readings.set(`${pid} ${when}`, reading);
  }

  read(pid: number, when: ReadingTime): ProcessReading | null {
    return this.#readings.get(`${pid} ${when}`) ?? null;
  }
}

export const mappingsOf = (reading: ProcessReading | null): Mapping[] =>
  reading === null ? [] : parseMaps(reading.maps);
