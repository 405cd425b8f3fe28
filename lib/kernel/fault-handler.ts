import { existsSync } from "node:fs";
import { attachProbes } from "./bpftrace.ts";
import { type Check, lacks } from "./capability.ts";
import { TRACEFS } from "./tracefs.ts";

/** The probes of bt/kprobe.bt, on the kernel's own fault handler. */
export const kprobe: Check = {
  severity: "warn",
  loses: "--via kprobe, where fentry does not attach either; nothing else",
  attempt: async () => {
    const finding = await attachProbes(
      "kprobe:handle_mm_fault { @ = arg2; } kretprobe:handle_mm_fault { @ = retval; }",
      "kprobe and kretprobe of handle_mm_fault attach",
    );
    const cannotBe =
      !finding.works && existsSync(`${TRACEFS}/events`) && !existsSync(`${TRACEFS}/kprobe_events`);
    return cannotBe ? lacks("a kernel without kprobes (CONFIG_KPROBE_EVENTS)", null) : finding;
  },
};

/** The probe of bt/fentry.bt; bpftrace up to 0.19 knows it as kretfunc only, and later ones still do. */
export const fentry: Check = {
  severity: "warn",
  loses: "--via kprobe by a trampoline at handle_mm_fault; nothing else",
  attempt: () =>
    attachProbes("kretfunc:handle_mm_fault { @ = retval; }", "fexit of handle_mm_fault attaches"),
};
