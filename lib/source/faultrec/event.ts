import { AT, COMM_EXEC, FEATURE, HIGH, KIND, LOST_OTHERS, u64, WIRE_VERSION } from "./layout.ts";

/** Everything is attached; times of all that follows count from here. */
export interface ReadyEvent {
  type: "ready";
  /** Of the machine's clock (CLOCK_MONOTONIC), ns, for what is measured beside. */
  monotonicNs: number;
  /** Unix seconds. */
  startedAt: number;
  ip: boolean;
  physical: boolean;
  chain: boolean;
  /** Faults in kernel mode are not seen, for want of privilege. */
  userOnly: boolean;
  /** One event a CPU for all processes, filtered by pid. */
  machine: boolean;
  follow: boolean;
  threads: number;
  /** Threads that were born while the events attached and may be told twice. */
  unsure: number;
  /** Size of one CPU's ring for minor faults, bytes. */
  ringBytes: number;
}

/** How the kernel's own count splits up: counted = told + foreign + lost. */
export interface Tally {
  counted: number;
  told: number;
  /** Of other processes, left out (machine). */
  foreign: number;
  lost: number;
  /** Records that the events found no room for; null before Linux 6.0. */
  refused: number | null;
}

/** Time in ns since the ready record. */
interface Happened {
  time: number;
  pid: number;
  tid: number;
}

export interface MmapEvent extends Happened {
  type: "mmap";
  start: number;
  end: number;
  /** Bytes into the file; for anonymous memory the kernel says the address itself. */
  offset: number;
  inode: number;
  /** "major:minor", hexadecimal, as in /proc/PID/maps. */
  device: string;
  /** PROT_* and MAP_* of mman.h. */
  protection: number;
  flags: number;
  /** "//anon", "[stack]", "[heap]", "[vdso]", or a path. */
  path: string;
}

export type FaultrecEvent =
  | ReadyEvent
  | MmapEvent
  | (Happened & { type: "comm"; comm: string; exec: boolean })
  /** A thread (parentPid = pid), or a child: also where children are not followed. */
  | (Happened & { type: "fork"; parentPid: number; parentTid: number })
  /** A thread has ended. */
  | (Happened & { type: "exit" })
  | (Happened & { type: "lost"; cpu: number; count: number; what: "minor" | "others" })
  /** No such process when the recording began. */
  | (Happened & { type: "gone" })
  | { type: "end"; time: number; minor: Tally; major: Tally; lostOthers: number }
  /** What follows cannot be read: at this byte of the stream. */
  | { type: "damaged"; offset: number; reason: string };

const text = new TextDecoder();

/** The characters before the first NUL. */
function stringAt(view: DataView, from: number, to: number): string {
  let end = from;
  while (end < to && view.getUint8(end) !== 0) end++;
  return text.decode(new Uint8Array(view.buffer, view.byteOffset + from, end - from));
}

const UNKNOWN = 2 ** 64;

function tallyAt(view: DataView, at: number): Tally {
  const word = (i: number): number => u64(view, at + 8 * i);
  const refused = word(4) === UNKNOWN ? null : word(4);
  return { counted: word(0), told: word(1), foreign: word(2), lost: word(3), refused };
}

/** The ready record at `at`, or why it is none that can be read. */
export function readyAt(view: DataView, at: number): ReadyEvent | string {
  const version = view.getUint32(at + AT.rest, true);
  if (version !== WIRE_VERSION) return `format version ${version}, expected ${WIRE_VERSION}`;
  const features = view.getUint32(at + AT.rest + 4, true);
  const has = (bit: number): boolean => (features & bit) !== 0;
  const monotonicNs = u64(view, at + AT.time);
  const realtime = view.getInt32(at + AT.rest + 20, true) * HIGH + view.getUint32(at + AT.rest + 16, true);
  return {
    type: "ready",
    monotonicNs,
    startedAt: (monotonicNs + realtime) / 1e9,
    ip: has(FEATURE.ip),
    physical: has(FEATURE.physical),
    chain: has(FEATURE.chain),
    userOnly: has(FEATURE.userOnly),
    machine: has(FEATURE.machine),
    follow: has(FEATURE.follow),
    threads: view.getUint32(at + AT.rest + 8, true),
    unsure: view.getUint32(at + AT.rest + 12, true),
    ringBytes: u64(view, at + AT.rest + 24),
  };
}

/** The record at `at` of a kind that is neither a fault nor ready; its size has been checked. */
export function eventAt(view: DataView, at: number, size: number, time: number): FaultrecEvent {
  const rest = at + AT.rest;
  const flags = view.getUint8(at + AT.flags);
  const happened = { time, pid: view.getInt32(at + AT.pid, true), tid: view.getInt32(at + AT.tid, true) };
  switch (view.getUint8(at + AT.kind)) {
    case KIND.mmap:
      return {
        type: "mmap",
        ...happened,
        start: u64(view, rest),
        end: u64(view, rest + 8),
        offset: u64(view, rest + 16),
        inode: u64(view, rest + 24),
        protection: view.getUint32(rest + 32, true),
        flags: view.getUint32(rest + 36, true),
        device: [40, 44].map((o) => hexByte(view.getUint32(rest + o, true))).join(":"),
        path: stringAt(view, rest + 48, at + size),
      };
    case KIND.comm:
      return {
        type: "comm",
        ...happened,
        comm: stringAt(view, rest, at + size),
        exec: (flags & COMM_EXEC) !== 0,
      };
    case KIND.fork:
      return {
        type: "fork",
        ...happened,
        parentPid: view.getInt32(rest, true),
        parentTid: view.getInt32(rest + 4, true),
      };
    case KIND.exit:
      return { type: "exit", ...happened };
    case KIND.lost:
      return {
        type: "lost",
        ...happened,
        cpu: view.getUint32(at + AT.cpu, true),
        count: u64(view, rest),
        what: (flags & LOST_OTHERS) !== 0 ? "others" : "minor",
      };
    case KIND.end:
      return {
        type: "end",
        time,
        minor: tallyAt(view, rest),
        major: tallyAt(view, rest + 40),
        lostOthers: u64(view, rest + 80),
      };
    default:
      return { type: "gone", ...happened };
  }
}

const hexByte = (value: number): string => value.toString(16).padStart(2, "0");
