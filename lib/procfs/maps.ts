import { readFileSync } from "node:fs";

/** One line of /proc/PID/maps; proc_pid_maps(5), fs/proc/task_mmu.c. */
export interface Mapping {
  start: number;
  end: number;
  /** "rw-p". */
  permissions: string;
  offset: number;
  /** "fe:01", hexadecimal. */
  device: string;
  inode: number;
  /** A path, "[heap]", "[anon:name]", or empty. The kernel escapes newlines as \012. */
  path: string;
}

const LINE = /^([0-9a-f]+)-([0-9a-f]+) ([r-][w-][x-][ps]) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+) *(.*)$/;

/** Parses a maps file; lines that are none are passed over. */
export function parseMaps(text: string): Mapping[] {
  return text.split("\n").flatMap((line) => parseMapsLine(line) ?? []);
}

export function parseMapsLine(line: string): Mapping | null {
  const found = LINE.exec(line);
  if (found === null) return null;
  const [, start = "", end = "", permissions = "", offset = "", device = "", inode = "", path = ""] = found;
  return {
    start: Number.parseInt(start, 16),
    end: Number.parseInt(end, 16),
    permissions,
    offset: Number.parseInt(offset, 16),
    device,
    inode: Number(inode),
    path: path.replace(/\\012/g, "\n"),
  };
}

/** /proc/PID/maps, mappings in the order of their addresses; null when it is gone or may not be read. */
export function readMapsText(pid: number, root = "/proc"): string | null {
  try {
    return readFileSync(`${root}/${pid}/maps`, "utf8");
  } catch {
    return null; // gone, or another user's
  }
}
