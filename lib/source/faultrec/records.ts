import type { EntryTally, FaultEvent, ReadyEvent, Tally } from "../stream/event.ts";
import {
  AT,
  COMM_EXEC,
  END_ENTRIES,
  FEATURE,
  KIND,
  LEAST,
  LOST_OTHERS,
  READY_LATE,
  u64,
  WIRE_VERSION,
} from "./layout.ts";

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

function entriesAt(view: DataView, at: number): EntryTally {
  return { ...tallyAt(view, at), failed: u64(view, at + 40), open: u64(view, at + 48) };
}

/** Bytes of a ready record that is not light, and of an end record without entries. */
const READY = LEAST.get(KIND.ready) ?? 0;
const END = LEAST.get(KIND.end) ?? 0;

/** The ready record at `at`, or why it is none that can be read. */
export function readyAt(view: DataView, at: number): ReadyEvent | string {
  const version = view.getUint32(at + AT.rest, true);
  if (version !== WIRE_VERSION) return `format version ${version}, expected ${WIRE_VERSION}`;
  const features = view.getUint32(at + AT.rest + 4, true);
  const has = (bit: number): boolean => (features & bit) !== 0;
  const size = view.getUint16(at + AT.size, true);
  const isLate = has(FEATURE.lateNs);
  if (isLate && size < READY + READY_LATE)
    return `a ready record of ${size} bytes that does not say how late`;
  const monotonicNs = u64(view, at + AT.time);
  const unixNs = view.getBigUint64(at + AT.time, true) + view.getBigInt64(at + AT.rest + 16, true);
  return {
    type: "ready",
    monotonicNs,
    startedAt: Number((unixNs + 500n) / 1000n) / 1e6, // microseconds: as fine as a double can say
    ip: has(FEATURE.ip),
    latency: has(FEATURE.latency),
    access: has(FEATURE.access),
    physical: has(FEATURE.physical),
    chain: has(FEATURE.chain),
    stepNs: null,
    lateNs: isLate ? u64(view, at + READY) : 0,
    userOnly: has(FEATURE.userOnly),
    machine: has(FEATURE.machine),
    follow: has(FEATURE.follow),
    threads: view.getUint32(at + AT.rest + 8, true),
    unsure: view.getUint32(at + AT.rest + 12, true),
    ringBytes: u64(view, at + AT.rest + 24),
  };
}

/** The record at `at` of a kind that is neither a fault nor ready; its size has been checked. */
export function eventAt(view: DataView, at: number, size: number, time: number): FaultEvent {
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
        entries: size >= END + END_ENTRIES ? entriesAt(view, at + END) : null,
      };
    default:
      return { type: "gone", ...happened };
  }
}

const hexByte = (value: number): string => value.toString(16).padStart(2, "0");
