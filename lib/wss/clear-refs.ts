import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { readSmaps } from "../procfs/smaps.ts";

const PAGE = 4096;

/**
 * Writes to /proc/PID/clear_refs (proc_pid_clear_refs(5)): "1" takes the accessed bits away, "4" the soft-dirty
 * marks, where they are built in, and flushes the TLB in any case. The error, or null.
 */
export function clearRefs(pid: number, value: "1" | "4"): unknown {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, value);
    return null;
  } catch (error) {
    return error;
  }
}

/** Whether it may be written, without doing it: a clearing holds the process's mmap lock. The error, or null. */
export function mayClearRefs(pid: number): unknown {
  try {
    closeSync(openSync(`/proc/${pid}/clear_refs`, "w"));
    return null;
  } catch (error) {
    return error;
  }
}

let softDirty: boolean | null = null;

/** Every new mapping is soft-dirty where that is built in: VM_SOFTDIRTY, "sd" of VmFlags. */
export function hasSoftDirty(): boolean {
  softDirty ??= /^VmFlags:.* sd\b/m.test(readFileSync("/proc/self/smaps", "utf8"));
  return softDirty;
}

/** The TLB is flushed after marking: by the way where nobody loses anything, else when asked for. */
export const flushes = (asked: boolean): boolean => asked || !hasSoftDirty();

export const UNFLUSHED =
  "the TLB is not flushed, so that pages it keeps are missed and the high bound is the RSS: --flush flushes it, and resets soft-dirty marks";

/** ns a present page, on this process itself: so long is the mmap lock held for writing. */
export function nsPerPageOf(value: "1" | "4"): number {
  const pages = (readSmaps(process.pid) ?? []).reduce((sum, { rss }) => sum + rss / PAGE, 0);
  const times = [0, 1, 2].map(() => {
    const from = process.hrtime.bigint();
    clearRefs(process.pid, value);
    return Number(process.hrtime.bigint() - from);
  });
  return Math.min(...times) / Math.max(1, pages);
}
