import assert from "node:assert/strict";
import { test } from "node:test";
import { causeIn } from "../../lib/subprocess/cause.ts";

const MEMLOCK = `ERROR: Unknown error -1: couldn't set RLIMIT_MEMLOCK for bpftrace. If your program is not loading, you can try "ulimit -l 8192" to fix the problem`;

/** What bpftrace 0.17 printed on a kernel without kprobes and BTF of functions; the other programs likewise. */
const SAID: Record<string, { lines: string[]; cause: string | null }> = {
  "a probe that does not attach": {
    lines: [
      MEMLOCK,
      `stdin:1:1-23: WARNING: handle_mm_fault is not traceable (either non-existing, inlined, or marked as "notrace"); attaching to it will likely fail`,
      `{"type": "attached_probes", "data": {"probes": 1}}`,
      "create_probe_event: open(/sys/kernel/tracing/kprobe_events): No such file or directory",
      "ERROR: Error attaching probe: 'kprobe:handle_mm_fault'",
    ],
    cause: "Error attaching probe: 'kprobe:handle_mm_fault'",
  },
  "a probe that the kernel has not": {
    lines: [
      MEMLOCK,
      "stdin:1:1-29: ERROR: tracepoint not found: exceptions:nosuch",
      "tracepoint:exceptions:nosuch { exit(); }",
      "~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
    ],
    cause: "tracepoint not found: exceptions:nosuch",
  },
  "a probe type it does not know": {
    lines: [MEMLOCK, "FATAL: Invalid probe type made it to attachpoint parser"],
    cause: "Invalid probe type made it to attachpoint parser",
  },
  "another program's own words": {
    lines: ["leash: bpftrace: No such file or directory"],
    cause: "leash: bpftrace: No such file or directory",
  },
  "remarks alone": { lines: [MEMLOCK, "Attaching 3 probes...", "", "Error:"], cause: null },
  nothing: { lines: [], cause: null },
};

for (const [name, { lines, cause }] of Object.entries(SAID)) {
  test(`the cause of a failure: ${name}`, () => assert.equal(causeIn(lines), cause));
}
