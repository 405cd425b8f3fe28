import { existsSync, readFileSync } from "node:fs";
import { parseCgroupMounts } from "../procfs/cgroup.ts";
import { type Check, lacks, works } from "./capability.ts";
import { asRoot } from "./fix.ts";

/** A cgroup hierarchy that can be a target (-g) and that accounts memory. */
export const cgroup: Check = {
  severity: "warn",
  loses: "-g CGROUP, memory limits of the labs",
  attempt: () => {
    const mounts = parseCgroupMounts(readFileSync("/proc/self/mounts", "utf8"));
    if (mounts.length === 0) {
      return lacks("no cgroup hierarchy is mounted", asRoot("mount -t cgroup2 cgroup2 /sys/fs/cgroup"));
    }
    const memory = mounts.find(({ directory, version }) =>
      version === 2
        ? existsSync(`${directory}/cgroup.controllers`) &&
          readFileSync(`${directory}/cgroup.controllers`, "utf8").split(/\s/).includes("memory")
        : existsSync(`${directory}/memory.limit_in_bytes`) ||
          existsSync(`${directory}/memory.usage_in_bytes`),
    );
    if (memory === undefined) {
      return lacks("cgroups without the memory controller", null, { loses: "memory limits of the labs" });
    }
    return works(`memory controller of version ${memory.version} at ${memory.directory}`);
  },
};
