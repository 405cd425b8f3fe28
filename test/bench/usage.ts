import { readdirSync, readFileSync } from "node:fs";
import { readPidStat } from "../../lib/procfs/pid-stat.ts";

/** Run time of all threads of processes, seconds: schedstat has ns, /proc/PID/stat steps of 10 ms. */
export function cpuSeconds(pids: readonly number[]): number {
  let ns = 0;
  for (const pid of pids) {
    if (readPidStat(pid) === null) continue;
    for (const tid of readdirSync(`/proc/${pid}/task`)) {
      ns += Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, "utf8").split(" ")[0]);
    }
  }
  return ns * 1e-9;
}

/** Proportional set size, bytes. */
export const pssOf = (pid: number): number => bytesIn(`/proc/${pid}/smaps_rollup`, "Pss");

/** The largest resident set that a process had so far, bytes. */
export const peakOf = (pid: number): number => bytesIn(`/proc/${pid}/status`, "VmHWM");

function bytesIn(path: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(path, "utf8"));
  return Number(found?.[1] ?? 0) * 1024;
}
