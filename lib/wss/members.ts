import { cgroupMembers } from "../procfs/cgroup.ts";
import { isDead, readPidStat } from "../procfs/pid-stat.ts";
import { pidsOf } from "../source/scope.ts";
import type { Target } from "../target/target.ts";

/** A process, told apart from a later one with the same pid. */
export interface Member {
  pid: number;
  /** Ticks since boot, of /proc/PID/stat. */
  startTime: number;
  comm: string;
}

/** The processes of the target that live now; wss looks at each by itself, so a v2 cgroup is its members. */
export function membersOf({ scope }: Target): Member[] {
  const pids = scope.kind === "cgroup" ? cgroupMembers(scope.directory) : pidsOf(scope);
  return pids.flatMap((pid) => memberOf(pid) ?? []);
}

/** Null when it is gone, or a zombie. */
export function memberOf(pid: number): Member | null {
  const stat = readPidStat(pid);
  if (stat === null || isDead(stat)) return null;
  return { pid, startTime: stat.startTime, comm: stat.comm };
}

/** It is still there, and not another process with its pid. */
export const isStill = ({ pid, startTime }: Member): boolean => memberOf(pid)?.startTime === startTime;
