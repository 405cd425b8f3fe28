import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** Bytes that can be read from anywhere; a read beyond the end is short, and one that fails is empty. */
export interface Bytes {
  readonly size: number;
  read(offset: number, length: number): Buffer;
}

/** A regular file that stays open, whatever becomes of its name. */
export interface OpenFile extends Bytes {
  readonly inode: number;
  /** Unix time in ms of the last change of contents, name or owner. */
  readonly changedMs: number;
  readonly uid: number;
  close(): void;
}

/** Opens a regular file for reading, or returns null. It never waits: not for a pipe's writer either. */
export function openFile(path: string, flags = 0): OpenFile | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | flags);
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isFile()) return fileOn(fd, stat.size, stat.ino, stat.ctimeMs, stat.uid);
  } catch {
    // closed below: it is of no use
  }
  closeSync(fd);
  return null;
}

function fileOn(fd: number, size: number, inode: number, changedMs: number, uid: number): OpenFile {
  return {
    size,
    inode,
    changedMs,
    uid,
    read: (offset, length) => {
      const wanted = Math.max(0, Math.min(length, size - offset));
      const bytes = Buffer.allocUnsafe(wanted);
      let got = 0;
      try {
        while (got < wanted) {
          const n = readSync(fd, bytes, got, wanted - got, offset + got);
          if (n === 0) break;
          got += n;
        }
      } catch {
        got = 0; // an I/O error, or a file that was cut meanwhile
      }
      return bytes.subarray(0, got);
    },
    close: () => closeSync(fd),
  };
}
