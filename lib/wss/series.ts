import { kindOf, nameOf } from "../fault/map/kind.ts";
import type { WssPointRecord, WssRegionRecord, WssSampleRecord } from "../metric/wss-record.ts";
import { readPidStat } from "../procfs/pid-stat.ts";
import { isStill, type Member } from "./members.ts";
import type { Method, MethodOptions, Reading, Tracking } from "./method.ts";
import { lengthOf, type Span, timed, toMonotonic, wallClock, windowOf } from "./window.ts";

/** One process under one method: its windows, one after the other. */
export class Series {
  readonly member: Member;
  readonly method: Method;
  readonly #tracking: Tracking;
  #mark: Span = { from: 0, to: 0 };
  #before: Faults | null = null;

  private constructor(member: Member, method: Method, tracking: Tracking) {
    this.member = member;
    this.method = method;
    this.#tracking = tracking;
  }

  /**
   * Null when the process is gone, or becoming another program at this moment.
   *
   * @throws UserError when the process may not be looked at
   */
  static async begin(member: Member, method: Method, options: MethodOptions): Promise<Series | null> {
    const tracking = await method.track(member.pid, options);
    return tracking && new Series(member, method, tracking);
  }

  /** A window begins; false when the process is gone. */
  async mark(): Promise<boolean> {
    if (!isStill(this.member)) return false;
    // before it: a helper's answer takes a ms, in which the process may take all the faults of the window
    this.#before = faultsOf(this.member.pid);
    const { result, span } = await timed(() => this.#tracking.mark());
    this.#mark = this.#tracking.span ?? span;
    return result;
  }

  /** The window ends, though the next reading may extend it; null when the process is gone. */
  async read(): Promise<Window | null> {
    const { result, span } = await timed(() => this.#tracking.read());
    const after = faultsOf(this.member.pid);
    if (result === null || !isStill(this.member)) return null;
    const faults = difference(after, this.#before);
    const end = this.#tracking.span ?? span;
    return { series: this, mark: this.#mark, read: end, time: wallClock(end.to), reading: result, faults };
  }

  close(): Promise<void> {
    return this.#tracking.close();
  }
}

/** The kernel's own counters of the process. */
type Faults = Record<"minor" | "major", number | null>;

const faultsOf = (pid: number): Faults => {
  const stat = readPidStat(pid);
  return { minor: stat?.minor ?? null, major: stat?.major ?? null };
};

function difference(after: Faults, before: Faults | null): Faults {
  const of = (name: keyof Faults): number | null => {
    const [to, from] = [after[name], before?.[name] ?? null];
    return to === null || from === null ? null : to - from;
  };
  return { minor: of("minor"), major: of("major") };
}

/** What one window showed. */
export interface Window {
  series: Series;
  mark: Span;
  read: Span;
  /** Its end, Unix seconds: one for all records of it. */
  time: number;
  reading: Reading;
  /** From the beginning of the marking to the end of the reading. */
  faults: Faults;
}

export function sampleRecord({ series, mark, read, time, reading, faults }: Window): WssSampleRecord {
  const { member, method } = series;
  return {
    type: "sample",
    time,
    seconds: windowOf(mark, read),
    pid: member.pid,
    comm: member.comm,
    method: method.name,
    wss: reading.wss,
    wssLow: reading.low,
    wssHigh: reading.high,
    anon: reading.anon,
    file: reading.file,
    untracked: reading.untracked,
    rss: sumOf(reading, "rss"),
    pss: sumOf(reading, "pss"),
    swap: sumOf(reading, "swap"),
    ...faults,
    costSeconds: lengthOf(mark) + lengthOf(read),
    ...stallOf(mark),
  };
}

/** `planned`: the window that was meant, seconds. */
export function pointRecord(
  { series, mark, read, time, reading }: Window,
  epoch: number,
  planned: number,
): WssPointRecord {
  const { member, method } = series;
  return {
    type: "point",
    time,
    pid: member.pid,
    comm: member.comm,
    method: method.name,
    epoch,
    window: planned,
    seconds: windowOf(mark, read),
    wss: reading.wss,
    wssLow: reading.low,
    wssHigh: reading.high,
    rss: sumOf(reading, "rss"),
    costSeconds: lengthOf(mark) + lengthOf(read),
    ...stallOf(mark),
  };
}

const stallOf = ({ from, to }: Span): Pick<WssSampleRecord, "stall" | "stallNs"> => ({
  stall: [wallClock(from), wallClock(to)],
  stallNs: [toMonotonic(from), toMonotonic(to)],
});

const sumOf = ({ mappings }: Reading, field: "rss" | "pss" | "swap"): number =>
  mappings.reduce((total, { mapping }) => total + mapping[field], 0);

/** The mappings that the working set lies in, the largest part first; those of one file side by side are one. */
export function regionRecords({ series, time, reading }: Window): WssRegionRecord[] {
  const regions: WssRegionRecord[] = [];
  for (const { mapping, wss, low, high } of reading.mappings) {
    const kind = kindOf(mapping);
    const last = regions.at(-1);
    const joins =
      last !== undefined &&
      mapping.inode !== 0 &&
      last.path === mapping.path &&
      last.end === hex(mapping.start);
    if (joins) {
      last.end = hex(mapping.end);
      last.wss += wss;
      last.wssLow += low;
      last.wssHigh += high;
      last.rss += mapping.rss;
      continue;
    }
    regions.push({
      type: "region",
      time,
      pid: series.member.pid,
      method: series.method.name,
      start: hex(mapping.start),
      end: hex(mapping.end),
      permissions: mapping.permissions,
      kind,
      name: nameOf(kind, mapping.path),
      path: mapping.path.startsWith("/") ? mapping.path : null,
      wss,
      wssLow: low,
      wssHigh: high,
      rss: mapping.rss,
    });
  }
  return regions.filter(({ wss, wssHigh }) => wss + wssHigh > 0).sort((a, b) => b.wss - a.wss);
}

const hex = (address: number): string => `0x${address.toString(16)}`;
