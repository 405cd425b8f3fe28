import type { FaultBatch } from "../stream/batch.ts";
import type { EntryTally, FaultEvent, ReadyEvent, Tally } from "../stream/event.ts";
import type { FaultSink } from "../stream/recorder.ts";
import {
  AT,
  COMM_EXEC,
  END_ENTRIES,
  FEATURE,
  HIGH,
  KIND,
  LEAST,
  LOST_OTHERS,
  PREFIX,
  READY_LATE,
  WIRE_VERSION,
} from "./layout.ts";

type Told<Type extends FaultEvent["type"]> = Extract<FaultEvent, { type: Type }>;

/** All bits set: the unknown latency, the count that the kernel does not say. */
const UNKNOWN = -1;
/** A comm's bytes, its NUL included (TASK_COMM_LEN). */
const COMM_BYTES = 16;
/** The largest size that 16 bits of a record can say and that is a multiple of 8. */
const RECORD_MOST = 2 ** 16 - 8;

const utf8 = new TextEncoder();

/**
 * Writes what any recorder tells as the stream of helpers-c/faultrec (docs/faultrec.md), in pieces as it
 * comes: FaultrecDecoder reads the very same from it. Where something was damaged it has no end record.
 */
export class FaultrecEncoder implements FaultSink {
  readonly #write: (piece: Uint8Array) => void;
  #ready: ReadyEvent | null = null;
  /** Time 0, ns of CLOCK_MONOTONIC. */
  #base = 0n;
  #damaged = false;

  constructor(write: (piece: Uint8Array) => void) {
    this.#write = write;
  }

  faults(batch: FaultBatch): void {
    if (this.#ready === null || batch.count === 0) return;
    const fixed = faultSize(this.#ready);
    const links = batch.chainEnd === null ? 0 : (batch.chainEnd[batch.count - 1] ?? 0);
    const view = new DataView(new ArrayBuffer(batch.count * fixed + links * 8));
    let at = 0;
    for (let i = 0; i < batch.count; i++) at = this.#fault(view, at, batch, i, fixed);
    this.#write(new Uint8Array(view.buffer));
  }

  event(event: FaultEvent): void {
    this.#damaged ||= event.type === "damaged";
    if (event.type === "damaged" || (event.type === "end" && this.#damaged)) return;
    if (event.type === "ready") {
      this.#ready = event;
      this.#base = BigInt(event.monotonicNs);
    }
    if (this.#ready === null) return;
    this.#write(this.#record(event));
  }

  /** Returns where the next begins. */
  #fault(view: DataView, at: number, batch: FaultBatch, i: number, fixed: number): number {
    const { chain, chainEnd } = batch;
    const [from, to] = chainEnd === null ? [0, 0] : [i === 0 ? 0 : (chainEnd[i - 1] ?? 0), chainEnd[i] ?? 0];
    const size = fixed + (to - from) * 8;
    prefix(view, at, { kind: KIND.fault, flags: batch.flags[i] ?? 0, size, cpu: batch.cpu[i] ?? 0 });
    view.setInt32(at + AT.pid, batch.pid[i] ?? 0, true);
    view.setInt32(at + AT.tid, batch.tid[i] ?? 0, true);
    this.#time(view, at, batch.time[i] ?? 0);
    const page = batch.page[i] ?? 0;
    view.setUint32(at + PREFIX, ((page % 0x100000) * 0x1000 + (batch.offset[i] ?? 0)) >>> 0, true);
    view.setUint32(at + PREFIX + 4, Math.floor(page / 0x100000), true);
    let word = at + PREFIX + 8;
    const next = (value: number): void => {
      put64(view, word, value);
      word += 8;
    };
    if (batch.ip !== null) next(batch.ip[i] ?? 0);
    if (batch.latency !== null) {
      const latency = batch.latency[i] ?? Number.NaN;
      next(Number.isNaN(latency) ? UNKNOWN : latency);
    }
    if (batch.physical !== null) next(batch.physical[i] ?? 0);
    if (batch.pageSize !== null) next(batch.pageSize[i] ?? 0);
    for (let link = from; chain !== null && link < to; link++) next(chain[link] ?? 0);
    return at + size;
  }

  #record(event: Exclude<FaultEvent, { type: "damaged" }>): Uint8Array {
    switch (event.type) {
      case "ready":
        return this.#made(KIND.ready, 0, event.lateNs > 0 ? READY_LATE : 0, {}, (view) =>
          putReady(view, event),
        );
      case "mmap": {
        const path = nulTerminated(event.path);
        return this.#made(KIND.mmap, 0, path.length - 8, event, (view) => putMmap(view, event, path));
      }
      case "comm": {
        const flags = event.exec ? COMM_EXEC : 0;
        return this.#made(KIND.comm, flags, 0, event, (view) => {
          // cut anywhere: it is bytes to the kernel too
          putBytes(view, PREFIX, utf8.encode(event.comm).subarray(0, COMM_BYTES - 1));
        });
      }
      case "fork":
        return this.#made(KIND.fork, 0, 0, event, (view) => {
          view.setInt32(PREFIX, event.parentPid, true);
          view.setInt32(PREFIX + 4, event.parentTid, true);
        });
      case "exit":
        return this.#made(KIND.exit, 0, 0, event);
      case "gone":
        return this.#made(KIND.gone, 0, 0, event);
      case "lost": {
        const flags = event.what === "others" ? LOST_OTHERS : 0;
        return this.#made(KIND.lost, flags, 0, event, (view) => {
          view.setUint32(AT.cpu, event.cpu, true);
          put64(view, PREFIX, event.count);
        });
      }
      case "end":
        return this.#made(KIND.end, 0, event.entries === null ? 0 : END_ENTRIES, event, (view) =>
          putEnd(view, event),
        );
    }
  }

  /** @param more bytes beyond the least that this kind has */
  #made(
    kind: number,
    flags: number,
    more: number,
    event: { time?: number; pid?: number; tid?: number },
    fill: (view: DataView) => void = () => undefined,
  ): Uint8Array {
    const size = (LEAST.get(kind) ?? PREFIX) + more;
    const view = new DataView(new ArrayBuffer(size));
    prefix(view, 0, { kind, flags, size, cpu: 0 });
    view.setInt32(AT.pid, event.pid ?? 0, true);
    view.setInt32(AT.tid, event.tid ?? 0, true);
    this.#time(view, 0, event.time ?? 0);
    fill(view);
    return new Uint8Array(view.buffer);
  }

  #time(view: DataView, at: number, time: number): void {
    view.setBigUint64(at + AT.time, BigInt.asUintN(64, this.#base + BigInt(Math.round(time))), true);
  }
}

const faultSize = ({ ip, latency, physical }: ReadyEvent): number =>
  PREFIX + 8 + (ip ? 8 : 0) + (latency ? 8 : 0) + (physical ? 16 : 0);

function prefix(
  view: DataView,
  at: number,
  { kind, flags, size, cpu }: { kind: number; flags: number; size: number; cpu: number },
): void {
  view.setUint8(at + AT.kind, kind);
  view.setUint8(at + AT.flags, flags);
  view.setUint16(at + AT.size, size, true);
  view.setUint32(at + AT.cpu, cpu, true);
}

/** A whole number, negative ones as their two's complement; half by half, which is exact to 2^53. */
function put64(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / HIGH);
  view.setUint32(at, value - high * HIGH, true);
  view.setInt32(at + 4, high, true);
}

function putBytes(view: DataView, at: number, bytes: Uint8Array): void {
  new Uint8Array(view.buffer, view.byteOffset + at).set(bytes);
}

/** In whole words, with one NUL at least; what a record has no room for is cut. */
function nulTerminated(text: string): Uint8Array {
  const bytes = utf8.encode(text).subarray(0, RECORD_MOST - (LEAST.get(KIND.mmap) ?? 0));
  const padded = new Uint8Array(Math.floor(bytes.length / 8) * 8 + 8);
  padded.set(bytes);
  return padded;
}

function putReady(view: DataView, event: ReadyEvent): void {
  const features = Object.entries(FEATURE).reduce(
    (sum, [name, bit]) => sum + (event[name as keyof typeof FEATURE] ? bit : 0),
    0,
  );
  view.setUint32(AT.rest, WIRE_VERSION, true);
  view.setUint32(AT.rest + 4, features, true);
  view.setUint32(AT.rest + 8, event.threads, true);
  view.setUint32(AT.rest + 12, event.unsure, true);
  const microseconds = BigInt(Math.round(event.startedAt * 1e6)); // as the decoder tells it
  view.setBigInt64(AT.rest + 16, microseconds * 1000n - BigInt(event.monotonicNs), true);
  put64(view, AT.rest + 24, event.ringBytes);
  if (event.lateNs > 0) put64(view, LEAST.get(KIND.ready) ?? 0, event.lateNs);
}

function putMmap(view: DataView, event: Told<"mmap">, path: Uint8Array): void {
  const [major = 0, minor = 0] = event.device.split(":").map((part) => Number.parseInt(part, 16) || 0);
  [event.start, event.end, event.offset, event.inode].forEach((value, i) => {
    put64(view, AT.rest + 8 * i, value);
  });
  [event.protection, event.flags, major, minor].forEach((value, i) => {
    view.setUint32(AT.rest + 32 + 4 * i, value, true);
  });
  putBytes(view, AT.rest + 48, path);
}

function putTally(view: DataView, at: number, { counted, told, foreign, lost, refused }: Tally): void {
  [counted, told, foreign, lost, refused ?? UNKNOWN].forEach((value, i) => {
    put64(view, at + 8 * i, value);
  });
}

function putEnd(view: DataView, { minor, major, lostOthers, entries }: Told<"end">): void {
  putTally(view, AT.rest, minor);
  putTally(view, AT.rest + 40, major);
  put64(view, AT.rest + 80, lostOthers);
  if (entries !== null) putEntries(view, LEAST.get(KIND.end) ?? 0, entries);
}

function putEntries(view: DataView, at: number, entries: EntryTally): void {
  putTally(view, at, entries);
  put64(view, at + 40, entries.failed);
  put64(view, at + 48, entries.open);
}
