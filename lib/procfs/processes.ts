import { readdirSync, readFileSync } from "node:fs";
import { readPidStat } from "./pid-stat.ts";

/** The pids in /proc, in no order. */
export const listPids = (root = "/proc"): number[] => numericNames(root);

/** The threads of a process; empty when it is gone. */
export const listThreads = (pid: number, root = "/proc"): number[] => numericNames(`${root}/${pid}/task`);

/** The processes of `pids` and all that descend from them, as far as the tree still shows it. */
export function withDescendants(pids: readonly number[], root = "/proc"): number[] {
  const children = new Map<number, number[]>();
  for (const pid of listPids(root)) {
    const parent = readPidStat(pid, root)?.ppid;
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings) siblings.push(pid);
    else children.set(parent, [pid]);
  }
  const found = new Set(pids);
  for (const pid of found) for (const child of children.get(pid) ?? []) found.add(child);
  return [...found];
}

/** The command line, its arguments separated by spaces; null when there is none or it may not be read. */
export function readCommandLine(pid: number, root = "/proc"): string | null {
  try {
    const text = readFileSync(`${root}/${pid}/cmdline`, "utf8").replace(/\0+$/, "");
    return text === "" ? null : text.replaceAll("\0", " ");
  } catch {
    return null; // gone, or another user's
  }
}

function numericNames(directory: string): number[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return []; // a process that is gone has no threads
  }
}
