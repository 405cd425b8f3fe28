import { readFileSync } from "node:fs";

/** What /proc/PID/stat (or /proc/PID/task/TID/stat) says; proc_pid_stat(5), fs/proc/array.c. */
export interface PidStat {
  pid: number;
  comm: string;
  /** R, S, D, T, t, Z, X, I. */
  state: string;
  ppid: number;
  /** PF_* of include/linux/sched.h. */
  flags: number;
  minor: number;
  childrenMinor: number;
  major: number;
  childrenMajor: number;
  /** Clock ticks (sysconf(_SC_CLK_TCK), 100 on every Linux port). */
  userTicks: number;
  systemTicks: number;
  threads: number;
  /** Clock ticks after boot; with the pid it names a process for good. */
  startTime: number;
  /** Resident set in pages. */
  rssPages: number;
}

export const CLOCK_TICKS_PER_SECOND = 100;
export const PAGE_SIZE = 4096;
/** include/linux/sched.h */
const PF_KTHREAD = 0x0020_0000;

/** Parses one stat line; null if it is not one. The name may hold anything, parentheses and newlines included. */
export function parsePidStat(text: string): PidStat | null {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 1 || close < open) return null;
  const fields = text
    .slice(close + 1)
    .trim()
    .split(/\s+/);
  const state = fields[0];
  if (state === undefined || !/^[A-Za-z]$/.test(state)) return null;
  // field N of the manual page is fields[N - 3]
  const number = (field: number): number => {
    const value = fields[field - 3];
    return value === undefined || value === "" ? Number.NaN : Number(value);
  };
  const stat: PidStat = {
    pid: Number(text.slice(0, open)),
    comm: text.slice(open + 1, close),
    state,
    ppid: number(4),
    flags: number(9),
    minor: number(10),
    childrenMinor: number(11),
    major: number(12),
    childrenMajor: number(13),
    userTicks: number(14),
    systemTicks: number(15),
    threads: number(20),
    startTime: number(22),
    rssPages: number(24),
  };
  const numbers = Object.values(stat).filter((value) => typeof value === "number");
  return numbers.every(Number.isFinite) ? stat : null;
}

/** Reads a process's line, or one thread's; null when it does not exist (any more) or may not be read. */
export function readPidStat(pid: number, root = "/proc", tid: number | null = null): PidStat | null {
  const path = tid === null ? `${root}/${pid}/stat` : `${root}/${pid}/task/${tid}/stat`;
  try {
    return parsePidStat(readFileSync(path, "utf8"));
  } catch {
    return null; // gone between two readings: the caller sees null, as for one that never was
  }
}

export const isKernelThread = (stat: PidStat): boolean => (stat.flags & PF_KTHREAD) !== 0;
export const isDead = (stat: PidStat): boolean => stat.state === "Z" || stat.state === "X";
