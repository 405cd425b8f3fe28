import type { FaultEvent, MmapEvent } from "../stream/event.ts";

/** Behind "PERF_RECORD_": what tools/perf/util/event.c prints of mappings, names, forks, exits and losses. */
const MMAP =
  /^MMAP2? (-?\d+)\/(-?\d+): \[(0x[0-9a-f]+|0)\((0x[0-9a-f]+|0)\) @ (0x[0-9a-f]+|0)(.*?)\]: (\S+) (.*)$/s;
const DEVICE = /^ ([0-9a-f]+:[0-9a-f]+) (\d+) \d+$/;
const COMM = /^COMM( exec)?: (.*):(-?\d+)\/(-?\d+)$/s;
const TASK = /^(FORK|EXIT)\((-?\d+):(-?\d+)\):\((-?\d+):(-?\d+)\)$/;
const LOST = /^LOST lost (\d+)$/;

/** PROT_* and MAP_* of include/uapi/asm-generic/mman-common.h. */
const PROT = { r: 1, w: 2, x: 4 } as const;
const MAP = { s: 1, p: 2 } as const;

/** Names and paths may hold newlines: only the next record tells where such a one has ended. */
export const mayGoOn = (text: string): boolean => text.startsWith("MMAP") || text.startsWith("COMM");

/**
 * What follows "PERF_RECORD_", its lines joined, as an event; null for what says nothing of memory.
 *
 * @param listed read from /proc by perf when it began, where a newline in a path is \012
 */
export function parseRecord(text: string, time: number, listed: boolean): FaultEvent | null {
  if (text.startsWith("MMAP")) return parseMmap(text, time, listed);
  const comm = COMM.exec(text);
  if (comm !== null) {
    const [, exec, name = "", pid, tid] = comm;
    return {
      type: "comm",
      time,
      pid: Number(pid),
      tid: Number(tid),
      comm: name,
      exec: exec !== undefined,
    };
  }
  const task = TASK.exec(text);
  if (task !== null) {
    const [kind, pid, tid, parentPid, parentTid] = [task[1], ...task.slice(2).map(Number)];
    const happened = { time, pid: Number(pid), tid: Number(tid) };
    if (kind === "EXIT") return { type: "exit", ...happened };
    return { type: "fork", ...happened, parentPid: Number(parentPid), parentTid: Number(parentTid) };
  }
  const lost = LOST.exec(text);
  if (lost === null) return null;
  // of a CPU's ring, which perf does not name; nearly all that is in it are minor faults
  return { type: "lost", time, pid: 0, tid: 0, cpu: 0, count: Number(lost[1]), what: "minor" };
}

/** The kernel's own mappings (pid -1) are nobody's. */
function parseMmap(text: string, time: number, listed: boolean): MmapEvent | null {
  const found = MMAP.exec(text);
  if (found === null) return null;
  const [, pid, tid, start, length, offset, file = "", mode = "", path = ""] = found;
  if (Number(pid) < 0) return null;
  // with --buildid-mmap it says the build id instead of device and inode
  const [, device = "", inode = "0"] = DEVICE.exec(file) ?? [];
  return {
    type: "mmap",
    time,
    pid: Number(pid),
    tid: Number(tid),
    start: Number(start),
    end: Number(start) + Number(length),
    offset: Number(offset),
    inode: Number(inode),
    device,
    protection: bits(mode, PROT),
    flags: bits(mode, MAP),
    path: listed ? path.replaceAll("\\012", "\n") : path,
  };
}

function bits(mode: string, table: Record<string, number>): number {
  return Object.entries(table).reduce((sum, [letter, bit]) => sum + (mode.includes(letter) ? bit : 0), 0);
}
