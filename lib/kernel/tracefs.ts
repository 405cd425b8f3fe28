import { existsSync, readdirSync, readFileSync } from "node:fs";
import { errnoOf } from "../cli/error.ts";
import { type Check, type Finding, lacks, works } from "./capability.ts";
import { asRoot, startAsRoot } from "./fix.ts";

export const TRACEFS = "/sys/kernel/tracing";

export const tracefs: Check = {
  severity: "warn",
  loses: "all tracepoints: access types, exact counts of processes that end",
  attempt: () => unreadable() ?? works(`${TRACEFS} is mounted`),
};

export const processTracepoints: Check = {
  severity: "warn",
  loses: "-f through BPF, exact closing counts of processes that end",
  attempt: () => findTracepoints(["sched:sched_process_fork", "sched:sched_process_exit"]),
};

export const faultTracepoint: Check = {
  severity: "warn",
  loses: "--types: read, write, execute, copy-on-write",
  attempt: () => findTracepoints(["exceptions:page_fault_user"], "a tracepoint of x86 kernels"),
};

/** Whether there is tracepoint "group:name", and tracefs tells of it: else bpftrace attaches software events only. */
export const hasTracepoint = (name: string, root = TRACEFS): boolean =>
  existsSync(`${root}/events/${name.replace(":", "/")}/id`);

function findTracepoints(names: string[], remark = "not in this kernel"): Finding {
  const problem = unreadable();
  if (problem !== null) return problem;
  const missing = names.filter((name) => !hasTracepoint(name));
  return missing.length === 0 ? works(names.join(", ")) : lacks(`no ${missing.join(", ")} (${remark})`, null);
}

/** Why the events cannot be read; null where they can. */
function unreadable(): Finding | null {
  try {
    readdirSync(`${TRACEFS}/events`);
    return null;
  } catch (error) {
    const isMounted = readFileSync("/proc/self/mounts", "utf8").includes(` ${TRACEFS} tracefs `);
    return isMounted
      ? lacks(`${TRACEFS} is mounted, but cannot be read (${errnoOf(error)})`, startAsRoot())
      : lacks(`${TRACEFS} is not mounted`, asRoot(`mount -t tracefs nodev ${TRACEFS}`));
  }
}
