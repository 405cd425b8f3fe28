import { bpftrace, softwareEvents } from "./bpftrace.ts";
import { btf } from "./btf.ts";
import { type Capability, type Check, runCheck } from "./capability.ts";
import { cgroup } from "./cgroup.ts";
import { fentry, kprobe } from "./fault-handler.ts";
import { helpers } from "./helpers.ts";
import { node } from "./node.ts";
import { perf, perfEvents } from "./perf.ts";
import { privilege } from "./privilege.ts";
import { proc } from "./proc.ts";
import { faultTracepoint, processTracepoints, tracefs } from "./tracefs.ts";
import { uffdRwp } from "./userfaultfd.ts";
import { damonVaddr, pageIdle, softDirty } from "./working-set.ts";
import { wssWritten } from "./wss-written.ts";

const CHECKS = {
  node,
  privilege,
  helpers,
  proc,
  bpftrace,
  "software-events": softwareEvents,
  "perf-events": perfEvents,
  perf,
  tracefs,
  "process-tracepoints": processTracepoints,
  "fault-tracepoint": faultTracepoint,
  btf,
  fentry,
  kprobe,
  cgroup,
  "page-idle": pageIdle,
  "soft-dirty": softDirty,
  damon: damonVaddr,
  "uffd-rwp": uffdRwp,
  "wss-written": wssWritten,
} satisfies Record<string, Check>;

export type CapabilityName = keyof typeof CHECKS;

/** Whether there is `name` here; never rejects. A tool shows the same words as doctor. */
export const capability = (name: CapabilityName): Promise<Capability> => runCheck(name, CHECKS[name]);

/** All of them, tried at the same time, in a fixed order; takes as long as the slowest (some seconds). */
export const capabilities = (): Promise<Capability[]> =>
  Promise.all(Object.entries(CHECKS).map(([name, check]) => runCheck(name, check)));
