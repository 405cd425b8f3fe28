import { BATCH, type Columns, FAULT, newColumns } from "../stream/batch.ts";
import type { Tally } from "../stream/event.ts";
import type { FaultSink } from "../stream/recorder.ts";
import { Cursor } from "./cursor.ts";
import type { EventKind, ScriptFormat } from "./options.ts";
import { mayGoOn, parseRecord } from "./record.ts";
import { EventNames, type Prefix, readFault, readPrefix } from "./sample.ts";

const NEWLINE = 0x0a;
const RECORD = new TextEncoder().encode("PERF_RECORD_");
/** No line is longer: a path has 4096 bytes at most. */
const LINE_MOST = 2 ** 16;

export interface DecoderOptions extends ScriptFormat {
  /** Time 0 on the recording's clock; null: its first record that has a time. */
  base: { seconds: number; nanoseconds: number } | null;
  /** Whose faults are told, those of others being only counted; null: everybody's. */
  pids: ReadonlySet<number> | null;
  /** But not those of these, nor anything else of them. */
  except?: ReadonlySet<number>;
  /** Pass over what perf read from /proc when it began: it has no time. */
  skipListed: boolean;
}

/** A record whose text may go on in the next line. */
interface Pending {
  text: string;
  time: number;
  listed: boolean;
}

/**
 * Reads what `perf script` prints (scriptArguments), cut into chunks anywhere. Total: a line that is
 * nothing of it belongs to the name or path before it, which may hold newlines, or else gives one event `damaged`, and the reading goes on.
 * It makes no object for a fault, so that it keeps up with perf script.
 */
export class PerfScriptDecoder {
  readonly #sink: FaultSink;
  readonly #options: DecoderOptions;
  readonly #names: EventNames;
  readonly #columns: Columns;
  readonly #cursor = new Cursor();
  readonly #prefix: Prefix = { pid: 0, tid: 0, seconds: 0, nanoseconds: 0 };
  readonly #text = new TextDecoder();
  /** The beginning of a line whose rest has not come yet. */
  #carry: Uint8Array<ArrayBufferLike> = new Uint8Array();
  /** Bytes before the chunk at hand, and before the line at hand. */
  #before = 0;
  #lineAt = 0;
  #base: DecoderOptions["base"];
  #pending: Pending | null = null;
  /** What it could not read, or null. */
  damage: string | null = null;
  #minor: Tally = { counted: 0, told: 0, foreign: 0, lost: 0, refused: null };
  #major: Tally = { counted: 0, told: 0, foreign: 0, lost: 0, refused: null };
  /** Time of the last record. */
  time = 0;

  constructor(options: DecoderOptions, sink: FaultSink) {
    this.#options = options;
    this.#sink = sink;
    this.#base = options.base;
    this.#names = new EventNames(options.events);
    this.#columns = newColumns({ ...options.fields, chain: false });
  }

  /** Faults told so far. */
  get told(): number {
    return this.#minor.told + this.#major.told;
  }

  push(chunk: Uint8Array): void {
    let from = this.#carry.length > 0 ? this.#complete(chunk) : 0;
    for (let end = chunk.indexOf(NEWLINE, from); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#lineAt = this.#before + from;
      this.#line(chunk, from, end);
      from = end + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
    this.#before += chunk.length;
    this.#deliver();
  }

  /** Reads the carried line, if it ends in this chunk; returns where the next begins. */
  #complete(chunk: Uint8Array): number {
    const end = chunk.indexOf(NEWLINE);
    if (end < 0) return 0;
    const line = Buffer.concat([this.#carry, chunk.subarray(0, end)]);
    this.#lineAt = this.#before - this.#carry.length;
    this.#carry = new Uint8Array();
    this.#line(line, 0, line.length);
    return end + 1;
  }

  /**
   * After the last chunk.
   *
   * @param failure why it is not whole, where it ended early: losses are unknown then
   */
  end(failure: string | null = null): void {
    this.#lineAt = this.#before - this.#carry.length;
    if (this.#carry.length > 0 && failure === null) this.#line(this.#carry, 0, this.#carry.length);
    this.#carry = new Uint8Array();
    this.#tellPending();
    this.#deliver();
    if (failure !== null) {
      this.#damage(failure);
      return;
    }
    const whole = (tally: Tally): Tally => ({ ...tally, counted: tally.told + tally.foreign + tally.lost });
    const [minor, major] = [whole(this.#minor), whole(this.#major)];
    this.#sink.event({ type: "end", time: this.time, minor, major, lostOthers: 0, entries: null });
  }

  /** Keeps what has no end yet. */
  #keep(rest: Uint8Array): void {
    this.#carry = Buffer.concat([this.#carry, rest]);
    if (this.#carry.length <= LINE_MOST) return;
    this.#damage(`a line of more than ${LINE_MOST} bytes`);
    this.#carry = new Uint8Array();
  }

  #line(bytes: Uint8Array, from: number, to: number): void {
    const cursor = this.#cursor;
    cursor.set(bytes, from, to);
    if (!readPrefix(cursor, this.#prefix)) {
      this.#other(bytes, from, to);
      return;
    }
    const kind = this.#names.read(cursor);
    if (kind === "other") this.#tellPending();
    else if (kind !== null) {
      if (!this.#fault(kind)) this.#other(bytes, from, to);
    } else if (cursor.takeAll(RECORD)) this.#record(this.#decode(bytes, cursor.at, to));
    else this.#other(bytes, from, to);
  }

  /** False where the line is no fault. */
  #fault(kind: EventKind): boolean {
    const columns = this.#columns;
    const i = columns.count;
    if (!readFault(this.#cursor, columns, i)) return false;
    this.#tellPending(); // nothing has been added since it came: this is row 0
    const { pid, tid } = this.#prefix;
    const { pids, except } = this.#options;
    const tally = kind === "major" ? this.#major : this.#minor;
    const time = this.#now();
    if ((pids !== null && !pids.has(pid)) || except?.has(pid)) {
      tally.foreign++;
      return true;
    }
    tally.told++;
    columns.pid[i] = pid;
    columns.tid[i] = tid;
    columns.time[i] = time;
    if (kind === "major") columns.flags[i] = (columns.flags[i] ?? 0) | FAULT.major;
    columns.count++;
    if (columns.count === BATCH) this.#deliver();
    return true;
  }

  #record(text: string): void {
    this.#tellPending();
    this.#deliver();
    const { seconds, nanoseconds } = this.#prefix;
    const listed = seconds === 0 && nanoseconds === 0;
    this.#pending = { text, listed, time: listed ? 0 : this.#now() };
    if (!mayGoOn(text)) this.#tellPending();
  }

  #tellPending(): void {
    if (this.#pending === null) return;
    const { text, time, listed } = this.#pending;
    this.#pending = null;
    if (listed && this.#options.skipListed) return;
    const event = parseRecord(text, time, listed);
    if (event === null) return;
    if (event.type === "lost") this.#minor.lost += event.count;
    else if ("pid" in event && this.#options.except?.has(event.pid)) return;
    this.#sink.event(event);
  }

  /** A line that is no record: the name before it goes on. */
  #other(bytes: Uint8Array, from: number, to: number): void {
    if (this.#pending !== null && this.#pending.text.length < LINE_MOST) {
      this.#pending.text += `\n${this.#decode(bytes, from, to)}`;
    } else if (to > from) {
      this.#damage(`no line of perf script: '${this.#decode(bytes, from, Math.min(to, from + 60))}'`);
    }
  }

  /** ns since the base, second by second: exact also on a machine that has been up for more than 104 days. */
  #now(): number {
    const { seconds, nanoseconds } = this.#prefix;
    this.#base ??= { seconds, nanoseconds };
    this.time = (seconds - this.#base.seconds) * 1e9 + nanoseconds - this.#base.nanoseconds;
    return this.time;
  }

  #decode(bytes: Uint8Array, from: number, to: number): string {
    return this.#text.decode(bytes.subarray(from, to));
  }

  #deliver(): void {
    if (this.#columns.count === 0) return;
    this.#sink.faults(this.#columns);
    this.#columns.count = 0;
  }

  /** Said once. */
  #damage(reason: string): void {
    this.#deliver();
    if (this.damage !== null) return;
    this.damage = reason;
    this.#sink.event({ type: "damaged", offset: this.#lineAt, reason });
  }
}
