import { type Columns, FAULT } from "../stream/batch.ts";
import { type Cursor, SPACE } from "./cursor.ts";
import type { EventKind, ScriptFormat } from "./options.ts";

const SLASH = 0x2f;
const DOT = 0x2e;
const COLON = 0x3a;
const MINUS = 0x2d;
/** Kernel addresses are the upper half of 64 bits: this page and beyond. */
const KERNEL_PAGE = 2 ** 51;
const PAGE = 4096;
/** Of 64 bits: an address of the kernel is told minus 2^64, so that it is exact. */
const PAGES = 2 ** 52;
/** "4K", "2M", "1G" (tools/perf/util/event.c, get_page_size_name). */
const UNITS = new Map([
  [0x4b, 2 ** 10],
  [0x4d, 2 ** 20],
  [0x47, 2 ** 30],
]);

/** What each line begins with: `  1234/1235   12.345678901: `. */
export interface Prefix {
  pid: number;
  tid: number;
  seconds: number;
  /** Of the second. */
  nanoseconds: number;
}

/** Reads what a line begins with into `prefix`; false where it begins otherwise. */
export function readPrefix(cursor: Cursor, prefix: Prefix): boolean {
  cursor.blanks();
  prefix.pid = signed(cursor);
  if (!cursor.take(SLASH)) return false;
  prefix.tid = signed(cursor);
  cursor.blanks();
  prefix.seconds = cursor.decimal();
  if (!cursor.take(DOT)) return false;
  const digits = cursor.at;
  prefix.nanoseconds = cursor.decimal();
  if (cursor.at - digits !== 9 || !cursor.take(COLON)) return false;
  cursor.blanks();
  return prefix.pid + prefix.tid + prefix.seconds >= Number.NEGATIVE_INFINITY; // none is NaN
}

/** perf says -1 where it knows no process. */
function signed(cursor: Cursor): number {
  return cursor.take(MINUS) ? -cursor.decimal() : cursor.decimal();
}

/** Tells which of the events of a recording a line is about. */
export class EventNames {
  readonly #names: { text: Uint8Array; kind: EventKind }[];

  constructor(events: ScriptFormat["events"]) {
    const encoder = new TextEncoder();
    this.#names = [...events]
      .sort(([a], [b]) => b.length - a.length)
      .map(([name, kind]) => ({ text: encoder.encode(`${name}:`), kind }));
  }

  /** The kind of the event that stands here, whatever its modifiers ("minor-faults:uH: "), or null. */
  read(cursor: Cursor): EventKind | null {
    const from = cursor.at;
    for (const { text, kind } of this.#names) {
      if (cursor.takeAll(text) && endsName(cursor)) return kind;
      cursor.at = from;
    }
    return null;
  }
}

function endsName(cursor: Cursor): boolean {
  if (cursor.take(SPACE)) return true;
  while (isLetter(cursor.peek())) cursor.at++;
  return cursor.take(COLON) && cursor.take(SPACE);
}

const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;

/** Reads the rest of a fault's line into row i; false where it is none. Whether it is minor or major is left open. */
export function readFault(cursor: Cursor, columns: Columns, i: number): boolean {
  cursor.blanks();
  if (!cursor.address()) return false;
  columns.page[i] = cursor.page;
  columns.offset[i] = cursor.offset;
  columns.flags[i] = 0;
  if (columns.ip !== null) {
    cursor.blanks();
    if (!cursor.address()) return false;
    const inKernel = cursor.page >= KERNEL_PAGE;
    columns.ip[i] = (inKernel ? cursor.page - PAGES : cursor.page) * PAGE + cursor.offset;
    if (inKernel) columns.flags[i] = FAULT.kernel;
  }
  if (columns.physical !== null && columns.pageSize !== null) {
    cursor.blanks();
    if (!cursor.address()) return false;
    columns.physical[i] = cursor.page * PAGE + cursor.offset;
    cursor.blanks();
    columns.pageSize[i] = pageSize(cursor);
  }
  cursor.blanks();
  return cursor.at === cursor.end;
}

/** Bytes; 0 where perf does not know ("N/A"). */
function pageSize(cursor: Cursor): number {
  const number = cursor.decimal();
  const unit = UNITS.get(cursor.peek());
  while (cursor.at < cursor.end && cursor.peek() !== SPACE) cursor.at++;
  return Number.isNaN(number) ? 0 : number * (unit ?? 1);
}
