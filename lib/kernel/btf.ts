import { accessSync, constants, statSync } from "node:fs";
import { type Check, lacks, works } from "./capability.ts";

const VMLINUX = "/sys/kernel/btf/vmlinux";

export const btf: Check = {
  severity: "warn",
  loses: "exact closing counts of processes that end, --via kprobe by fentry",
  attempt: () => {
    try {
      accessSync(VMLINUX, constants.R_OK);
    } catch {
      return lacks(`${VMLINUX} is not there: a kernel without CONFIG_DEBUG_INFO_BTF`, null);
    }
    return works(`${VMLINUX}, ${(statSync(VMLINUX).size / 2 ** 20).toFixed(1)} MiB`);
  },
};
