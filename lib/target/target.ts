import { EXIT, UserError } from "../cli/error.ts";
import { findCgroup } from "../procfs/cgroup.ts";
import { isDead, isKernelThread, readPidStat } from "../procfs/pid-stat.ts";
import { listThreads, withDescendants } from "../procfs/processes.ts";
import { readThreadGroup } from "../procfs/status.ts";
import { MEMBERS_ONLY, membersOf } from "../source/scope.ts";
import type { Scope } from "../source/source.ts";
import { type HeldCommand, holdCommand } from "./command.ts";

/** What the command line says about the target; exactly one of the four is given. */
export interface TargetOptions {
  pid?: number[];
  follow?: boolean;
  cgroup?: string;
  all?: boolean;
  command?: string[];
}

export interface Target {
  /** In words: "pid 42", "command ls -l". */
  description: string;
  scope: Scope;
  /** The processes whose end ends the measurement; empty for a cgroup and for all. */
  pids: number[];
  command: HeldCommand | null;
  degraded: string[];
}

/**
 * @param choices the options that name a target, in the words of the tool
 * @throws UserError when it does not exist, cannot be traced, or is not exactly one target
 */
export async function resolveTarget(
  options: TargetOptions,
  choices = ["-p PID", "-g CGROUP", "-a"],
): Promise<Target> {
  const given = [options.pid, options.cgroup, options.all, options.command].filter(
    (each) => each !== undefined,
  );
  if (given.length === 0) {
    throw new UserError(`no target: give ${choices.join(", ")}, or a command after --`);
  }
  if (given.length > 1)
    throw new UserError(`more than one target: give one of ${choices.join(", ")}, or a command after --`);
  const follow = options.follow ?? false;
  if (options.pid !== undefined) return processes(options.pid, follow);
  if (options.cgroup !== undefined) return cgroup(options.cgroup);
  if (options.command !== undefined) return command(options.command, follow);
  return { description: "all processes", scope: { kind: "all" }, pids: [], command: null, degraded: [] };
}

function processes(pids: readonly number[], follow: boolean): Target {
  const unique = [...new Set(pids)];
  for (const pid of unique) checkProcess(pid);
  const members = follow ? withDescendants(unique) : unique;
  return {
    description: `pid ${unique.join(", ")}${follow ? " and its children" : ""}`,
    scope: { kind: "pids", pids: members, follow },
    pids: unique,
    command: null,
    degraded: [],
  };
}

/** @throws UserError when the process cannot be traced, and why */
export function checkProcess(pid: number, root = "/proc"): void {
  const stat = readPidStat(pid, root);
  if (stat === null) throw new UserError(`cannot trace pid ${pid}: no such process`, EXIT.failed);
  if (isKernelThread(stat)) {
    throw new UserError(
      `cannot trace pid ${pid}: '${stat.comm}' is a kernel thread, it has no memory of its own`,
      EXIT.failed,
    );
  }
  if (isDead(stat) && listThreads(pid, root).length <= 1) {
    throw new UserError(
      `cannot trace pid ${pid}: '${stat.comm}' is a zombie, it has ended and waits for its parent`,
      EXIT.failed,
    );
  }
  // /proc/PID exists for every thread, but is listed for processes only
  const leader = readThreadGroup(pid, root);
  if (leader !== null && leader !== pid) {
    throw new UserError(
      `cannot trace pid ${pid}: it is a thread of process ${leader}: give -p ${leader}`,
      EXIT.failed,
    );
  }
}

function cgroup(path: string): Target {
  const { directory, version, ids } = findCgroup(path);
  const description = `cgroup ${directory}`;
  if (version === 2) {
    const scope: Scope = { kind: "cgroup", ids, directory };
    return { description, scope, pids: [], command: null, degraded: [] };
  }
  const scope = membersOf(directory);
  return { description, scope, pids: scope.pids, command: null, degraded: [MEMBERS_ONLY] };
}

async function command(argv: readonly string[], follow: boolean): Promise<Target> {
  const held = await holdCommand(argv);
  return {
    description: `command ${argv.join(" ")}${follow ? " and its children" : ""}`,
    scope: { kind: "pids", pids: [held.pid], follow },
    pids: [held.pid],
    command: held,
    degraded: [],
  };
}
