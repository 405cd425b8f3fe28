import { closeSync, openSync, readSync } from "node:fs";

/** struct perf_file_header, or perf_pipe_file_header where perf wrote into a pipe (tools/perf/util/header.h). */
const MAGIC = "PERFILE2";
const PIPE_HEADER = 16;
const AT = { size: 8, dataOffset: 40, dataSize: 48, end: 56 } as const;
/** struct perf_event_header: type, misc, size. */
const RECORD = { type: 0, size: 6, end: 8 } as const;
/** Records with data behind them (tools/perf/util/event.h): of a 32 bit size, padded to 8 bytes, and of a 64 bit size. */
const TRACING_DATA = 66;
const AUXTRACE = 71;
const SIZE_BEHIND = 8;
const BLOCK = 1 << 20;

/**
 * Why a perf.data file of so many bytes is not whole, or null: perf tells nothing of a recording from a
 * pipe that ends early, and dies of a file that does. For a file that is no recording: null too.
 */
export function findCut(path: string, bytes: number): string | null {
  const fd = openSync(path, "r");
  try {
    const head = Buffer.alloc(AT.end);
    const length = readSync(fd, head, 0, AT.end, 0);
    if (length < PIPE_HEADER || head.toString("latin1", 0, MAGIC.length) !== MAGIC) return null;
    if (head.readBigUInt64LE(AT.size) === BigInt(PIPE_HEADER)) return findCutInPipe(fd, bytes);
    if (length < AT.end) return null;
    const size = Number(head.readBigUInt64LE(AT.dataSize));
    if (size === 0) return "perf record was killed before it had ended the file";
    const end = Number(head.readBigUInt64LE(AT.dataOffset)) + size;
    return end > bytes ? `it ends after ${bytes} bytes of ${end} or more` : null;
  } finally {
    closeSync(fd);
  }
}

/** From record to record: the last has to end where the file does. */
function findCutInPipe(fd: number, bytes: number): string | null {
  const block = Buffer.alloc(BLOCK);
  let from = 0;
  let end = 0;
  let at = PIPE_HEADER;
  while (at + RECORD.end <= bytes) {
    if (at < from || (at + RECORD.end + SIZE_BEHIND > end && end < bytes)) {
      from = at;
      end = at + readSync(fd, block, 0, BLOCK, at);
      if (end < at + RECORD.end) break;
    }
    const size = sizeWithData(block, at - from);
    if (size < RECORD.end) return `there is no record at byte ${at}`;
    at += size;
  }
  return at === bytes ? null : `it ends in the middle of a record, after ${bytes} bytes`;
}

function sizeWithData(block: Buffer, at: number): number {
  const size = block.readUInt16LE(at + RECORD.size);
  const type = block.readUInt32LE(at + RECORD.type);
  if (type === TRACING_DATA) return size + 8 * Math.ceil(block.readUInt32LE(at + RECORD.end) / 8);
  if (type === AUXTRACE) return size + Number(block.readBigUInt64LE(at + RECORD.end));
  return size;
}
