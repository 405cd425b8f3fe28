import { readFileSync } from "node:fs";
import { type Check, lacks, works } from "./capability.ts";
import { isRoot, startAsRoot } from "./fix.ts";

/** Bits of a capability set: include/uapi/linux/capability.h. CAP_SYS_ADMIN holds what the later two were split from. */
const CAPABILITY_BITS = { CAP_SYS_ADMIN: 21n, CAP_PERFMON: 38n, CAP_BPF: 39n } as const;

export const privilege: Check = {
  severity: "warn",
  loses: "bpftrace (latency, access types), processes of other users, cgroups",
  attempt: () => {
    const held = tracingCapabilities(readFileSync("/proc/self/status", "utf8"));
    const isEnough = held.includes("CAP_SYS_ADMIN") || held.length === 2;
    if (isRoot())
      return isEnough ? works("root") : lacks("root without CAP_PERFMON, CAP_BPF (a container?)", null);
    const who = `uid ${process.geteuid?.()}`;
    // bpftrace wants uid 0, whatever the capabilities (its main.cpp: is_root)
    return isEnough
      ? lacks(`${who} with ${held.join(", ")}`, startAsRoot(), { loses: "bpftrace (latency, access types)" })
      : lacks(`${who}, neither root nor CAP_PERFMON and CAP_BPF`, startAsRoot());
  },
};

/** Which of CAP_SYS_ADMIN, CAP_PERFMON and CAP_BPF are effective, by the text of /proc/PID/status. */
export function tracingCapabilities(status: string): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return Object.entries(CAPABILITY_BITS)
    .filter(([, bit]) => (effective >> bit) & 1n)
    .map(([name]) => name);
}
