import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { listPids } from "../procfs/processes.ts";

/** Who has a file open, by /proc: "memtierd (pid 42)"; null where nobody has, or nobody that may be looked at. */
export function holderOf(path: string, root = "/proc"): string | null {
  for (const pid of listPids(root)) {
    if (pid !== process.pid && hasOpen(`${root}/${pid}/fd`, path)) return `${commOf(pid, root)} (pid ${pid})`;
  }
  return null;
}

/** The kernel thread of a DAMON that runs: "kdamond.0 (pid 42)"; or null. */
export function runningDamon(root = "/proc"): string | null {
  for (const pid of listPids(root)) {
    const comm = commOf(pid, root);
    if (comm.startsWith("kdamond")) return `${comm} (pid ${pid})`;
  }
  return null;
}

function hasOpen(directory: string, path: string): boolean {
  try {
    return readdirSync(directory).some((fd) => linkOf(`${directory}/${fd}`) === path);
  } catch {
    return false; // gone, or another user's
  }
}

function linkOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null; // closed meanwhile
  }
}

function commOf(pid: number, root: string): string {
  try {
    return readFileSync(`${root}/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}
