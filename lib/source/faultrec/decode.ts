import { BATCH, type Columns, newColumns } from "../stream/batch.ts";
import type { FaultSink } from "../stream/recorder.ts";
import { AT, codeAddress, HIGH, KIND, LEAST, PREFIX } from "./layout.ts";
import { eventAt, readyAt } from "./records.ts";

/** A record's size is 16 bits. */
const RECORD_MOST = 2 ** 16;

/**
 * Reads the stream of helpers-c/faultrec, cut into chunks anywhere. Total: bytes that are no recording,
 * or a damaged one, give one event `damaged`, after which everything is passed over.
 * It makes no object for a fault, so that it keeps up with millions a second.
 */
export class FaultrecDecoder {
  readonly #sink: FaultSink;
  /** The beginning of a record whose rest has not come yet. */
  readonly #carry = new Uint8Array(RECORD_MOST);
  readonly #carryView = new DataView(this.#carry.buffer);
  #carried = 0;
  /** Bytes of the stream before the chunk at hand. */
  #before = 0;
  #columns: Columns | null = null;
  /** Without a call chain. */
  #faultSize = 0;
  #baseHigh = 0;
  #baseLow = 0;
  #state: "before ready" | "reading" | "ended" | "damaged" = "before ready";

  constructor(sink: FaultSink) {
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    while (this.#carried > 0 && from < chunk.length && this.#state !== "damaged") {
      from += this.#complete(chunk, from);
    }
    if (this.#state === "damaged") return;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const read = this.#read(view, from, chunk.length, this.#before);
    if (this.#stateIs("damaged")) return;
    this.#carry.set(chunk.subarray(read), this.#carried);
    this.#carried += chunk.length - read;
    this.#before += chunk.length;
    this.#deliver();
  }

  /** After the last chunk: says so if the recording does not end as it should. */
  end(): void {
    if (this.#state === "damaged" || (this.#state === "ended" && this.#carried === 0)) return;
    this.#damage(this.#before, "it does not end with an end record");
  }

  /** TypeScript does not see that a method has changed it. */
  #stateIs(state: "damaged"): boolean {
    return this.#state === state;
  }

  /** Adds what completes the carried record, or its size; returns the bytes that it took. */
  #complete(chunk: Uint8Array, from: number): number {
    const wanted = this.#carried < AT.cpu ? AT.cpu : this.#carryView.getUint16(AT.size, true);
    const taken = Math.min(wanted - this.#carried, chunk.length - from);
    this.#carry.set(chunk.subarray(from, from + taken), this.#carried);
    this.#carried += taken;
    const base = this.#before + from + taken - this.#carried;
    if (this.#read(this.#carryView, 0, this.#carried, base) > 0) this.#carried = 0;
    return taken;
  }

  /**
   * Reads the whole records in [from, to) of a view that begins at byte `base` of the stream; returns
   * where the first that is not whole begins.
   */
  #read(view: DataView, from: number, to: number, base: number): number {
    let at = from;
    while (to - at >= AT.cpu) {
      const size = view.getUint16(at + AT.size, true);
      const kind = view.getUint8(at + AT.kind);
      const reason = this.#objection(kind, size);
      if (reason !== null) {
        this.#damage(base + at, reason);
        return to;
      }
      if (to - at < size) break;
      if (kind === KIND.fault) this.#fault(view, at, size);
      else this.#event(view, at, size, kind, base);
      if (this.#state === "damaged") return to;
      at += size;
    }
    return at;
  }

  /** Why there can be no such record here. */
  #objection(kind: number, size: number): string | null {
    if (kind === KIND.fault && this.#state === "reading") {
      const fits = this.#columns?.chain
        ? size >= this.#faultSize && size % 8 === 0
        : size === this.#faultSize;
      return fits ? null : `a fault of ${size} bytes, expected ${this.#faultSize}`;
    }
    const least = LEAST.get(kind);
    if (least === undefined) return `no kind of record: ${kind}`;
    if ((kind === KIND.ready) !== (this.#state === "before ready")) {
      return kind === KIND.ready ? "it begins again" : "it does not begin with a ready record";
    }
    if (this.#state === "ended") return "it goes on after its end record";
    return size < least || size % 8 !== 0 ? `a record of kind ${kind} with ${size} bytes` : null;
  }

  #fault(view: DataView, at: number, size: number): void {
    let columns = this.#columns;
    if (columns === null) return;
    if (columns.count === BATCH) {
      this.#deliver();
      columns = this.#columns as Columns;
    }
    const i = columns.count++;
    const low = view.getUint32(at + PREFIX, true);
    columns.flags[i] = view.getUint8(at + AT.flags);
    columns.cpu[i] = view.getUint32(at + AT.cpu, true);
    columns.pid[i] = view.getInt32(at + AT.pid, true);
    columns.tid[i] = view.getInt32(at + AT.tid, true);
    columns.time[i] = this.#time(view, at);
    columns.page[i] = view.getUint32(at + PREFIX + 4, true) * 0x100000 + (low >>> 12);
    columns.offset[i] = low & 0xfff;
    let word = at + PREFIX + 8;
    if (columns.ip !== null) {
      columns.ip[i] = codeAddress(view, word);
      word += 8;
    }
    if (columns.latency !== null) {
      columns.latency[i] = latencyAt(view, word);
      word += 8;
    }
    if (columns.physical !== null && columns.pageSize !== null) {
      columns.physical[i] = view.getUint32(word + 4, true) * HIGH + view.getUint32(word, true);
      columns.pageSize[i] = view.getUint32(word + 12, true) * HIGH + view.getUint32(word + 8, true);
      word += 16;
    }
    if (columns.chain !== null) addChain(columns, i, view, word, at + size);
  }

  #event(view: DataView, at: number, size: number, kind: number, base: number): void {
    this.#deliver();
    if (kind !== KIND.ready) {
      if (kind === KIND.end) this.#state = "ended";
      this.#sink.event(eventAt(view, at, size, this.#time(view, at)));
      return;
    }
    const ready = readyAt(view, at);
    if (typeof ready === "string") {
      this.#damage(base + at, ready);
      return;
    }
    this.#columns = newColumns(ready);
    this.#faultSize = PREFIX + 8 + (ready.ip ? 8 : 0) + (ready.latency ? 8 : 0) + (ready.physical ? 16 : 0);
    this.#baseLow = view.getUint32(at + AT.time, true);
    this.#baseHigh = view.getUint32(at + AT.time + 4, true);
    this.#state = "reading";
    this.#sink.event(ready);
  }

  /** ns since ready, half by half: exact also on a machine that has been up for more than 104 days. */
  #time(view: DataView, at: number): number {
    const high = view.getUint32(at + AT.time + 4, true) - this.#baseHigh;
    return high * HIGH + view.getUint32(at + AT.time, true) - this.#baseLow;
  }

  #deliver(): void {
    if (this.#columns === null || this.#columns.count === 0) return;
    this.#sink.faults(this.#columns);
    this.#columns.count = 0;
  }

  #damage(offset: number, reason: string): void {
    this.#deliver();
    this.#state = "damaged";
    this.#sink.event({ type: "damaged", offset, reason });
  }
}

/** ns; all bits are set where it is not known. */
function latencyAt(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  return high === 0xffffffff ? Number.NaN : high * HIGH + view.getUint32(at, true);
}

/** Appends the links of one fault; the column grows to what the longest batch needs. */
function addChain(columns: Columns, i: number, view: DataView, from: number, to: number): void {
  if (columns.chain === null || columns.chainEnd === null) return;
  let end = i === 0 ? 0 : (columns.chainEnd[i - 1] ?? 0);
  const needed = end + (to - from) / 8;
  if (needed > columns.chain.length) {
    const larger = new Float64Array(2 * needed);
    larger.set(columns.chain);
    columns.chain = larger;
  }
  for (let word = from; word < to; word += 8) {
    columns.chain[end++] = codeAddress(view, word);
  }
  columns.chainEnd[i] = end;
}
