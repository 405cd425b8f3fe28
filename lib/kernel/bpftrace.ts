import { attempt, reasonOf } from "./attempt.ts";
import { type Check, type Finding, lacks, works } from "./capability.ts";
import { install, startAsRoot } from "./fix.ts";

/** Printed once every probe is attached: on stderr in 0.17, on stdout later (src/bpftrace.cpp). */
const ATTACHED = "__BPFTRACE_NOTIFY_PROBES_ATTACHED";

export const bpftrace: Check = {
  severity: "warn",
  loses: "latency, access types; counts then come from plain perf events",
  attempt: async () => {
    const { found, exitCode, output } = await attempt("bpftrace", ["--version"]);
    if (!found) return missing();
    const version = /v\d+[^\s]*/.exec(output)?.[0];
    if (exitCode !== 0 || version === undefined)
      return lacks(`does not start: ${output}`, install("bpftrace"));
    return works(version);
  },
};

/** The events of record, through BPF, each fault one by one. */
export const softwareEvents: Check = {
  severity: "warn",
  loses: "latency, access types, pgfaultmap --via bpftrace; counts then come from plain perf events",
  attempt: () =>
    attachProbes(
      "software:minor-faults:1 { @minor = count(); } software:major-faults:1 { @major = count(); }",
      "minor-faults and major-faults attach through BPF",
    ),
};

/** Attaches the probes of a bpftrace program for a moment. */
export async function attachProbes(program: string, success: string): Promise<Finding> {
  // It ends by itself: a signal that comes early is lost on it.
  const tried = await attempt("bpftrace", ["-e", `${program} interval:ms:20 { exit(); }`], {
    env: { [ATTACHED]: "1" },
  });
  if (!tried.found) return missing();
  if (tried.exitCode === 0 && tried.output.includes(ATTACHED)) return works(success);
  return lacks(reasonOf("bpftrace", tried), startAsRoot());
}

const missing = (): Finding => lacks("bpftrace not found", install("bpftrace"));
