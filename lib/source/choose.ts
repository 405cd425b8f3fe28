import { EXIT, messageOf, UserError } from "../cli/error.ts";
import { attachHandler, attachSoftwareEvents } from "./bpftrace/sources.ts";
import { attachAllCounters } from "./counters.ts";
import { attachPerfStat } from "./perf-stat.ts";
import { attachProc } from "./proc.ts";
import type { AttachedSource, AttachSource, SourceName, SourceOptions } from "./source.ts";

const ATTACH: Record<SourceName, AttachSource> = {
  bpftrace: attachSoftwareEvents,
  kprobe: attachHandler,
  counters: attachAllCounters,
  perf: attachPerfStat,
  proc: attachProc,
};

/** The order of `auto`: what tells most first, what always works last. */
const AUTO: readonly SourceName[] = ["bpftrace", "counters", "perf", "proc"];

export interface Chosen {
  name: SourceName;
  /** Why this one, and what did not attach before it. */
  why: string;
  source: AttachedSource;
}

/**
 * Attaches the source that was asked for, or with `auto` the first that really attaches.
 *
 * @throws UserError with the reason of the source asked for, or of all of them
 */
export async function chooseSource(via: SourceName | "auto", options: SourceOptions): Promise<Chosen> {
  if (via !== "auto") {
    const source = await ATTACH[via](options);
    refuseDegraded(via, options, source);
    return { name: via, why: "asked for", source };
  }
  const failures: string[] = [];
  for (const name of AUTO) {
    try {
      const source = await ATTACH[name](options);
      const why = failures.length === 0 ? "the first of auto, and it attached" : failures.join("; ");
      return { name, why, source };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures.push(`${name} does not attach: ${messageOf(error).replace(new RegExp(`^${name}: `), "")}`);
    }
  }
  throw new UserError(failures.join("; "), EXIT.prerequisite);
}

/** auto degrades and says so; a source that was asked for by name must be able to do what was asked. */
function refuseDegraded(via: SourceName, options: SourceOptions, source: AttachedSource): void {
  const asked = [
    { option: "-l", wanted: options.latency, needs: /^latency/ },
    { option: "--types", wanted: options.types, needs: /^access types/ },
  ];
  for (const { option, wanted, needs } of asked) {
    const why = source.degraded.find((text) => needs.test(text));
    if (!wanted || why === undefined) continue;
    void source.stop();
    throw new UserError(`${option} cannot be had --via ${via}: ${why}`);
  }
}
