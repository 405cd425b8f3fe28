import { EXIT, UserError } from "../../cli/error.ts";
import type { Invocation } from "../../cli/run.ts";
import type { FaultRecord, StartRecord } from "../../metric/record.ts";
import type { SourceName } from "../../source/source.ts";
import { resolveTarget, type Target } from "../../target/target.ts";
import { type OutputOptions, openViews } from "../../views/views.ts";
import { measure } from "./session.ts";

/** The options of pgfaultstat as commander gives them. */
export interface PgfaultstatOptions extends OutputOptions {
  pid?: number[];
  follow?: true;
  cgroup?: string;
  all?: true;
  duration?: number;
  threads?: true;
  latency?: true;
  types?: true;
  via: SourceName | "auto";
  verbose?: true;
  interval: number;
  count: number | null;
}

/** Measures, shows, and returns the exit status: COMMAND's own where there is one. */
export async function pgfaultstat(options: PgfaultstatOptions, invocation: Invocation): Promise<number> {
  const { command } = invocation;
  if (command !== null && command.length === 0) throw new UserError("no command after --");
  const target = await resolveTarget({ ...options, ...(command === null ? {} : { command }) });
  try {
    const view = openViews(options, invocation);
    let failed = false;
    const records = measure({
      target,
      via: options.via,
      interval: options.interval,
      count: options.count,
      duration: options.duration ?? null,
      perThread: options.threads ?? false,
      latency: options.latency ?? false,
      types: options.types ?? false,
      signal: invocation.signal,
    });
    for await (const moment of records) {
      for (const record of moment) {
        failed ||= record.type === "error";
        tell(record, options, invocation, target);
        view.take(record);
      }
      view.flush();
    }
    view.end();
    return await exitStatus(target, failed, invocation);
  } finally {
    // ends a COMMAND that is held still because nothing could be attached
    await target.command?.release();
  }
}

/** What auto would take: another source is worth a word. */
const FIRST: SourceName = "bpftrace";

/** Status lines for people, on standard error. */
function tell(
  record: FaultRecord,
  options: PgfaultstatOptions,
  { warn, out }: Invocation,
  target: Target,
): void {
  if (record.type === "error") warn(record.message);
  if (record.type !== "start") return;
  for (const text of record.degraded) warn(text);
  if (options.via === "auto" && !options.verbose && record.source !== FIRST) {
    // the first reason is what can be helped; -v tells all
    warn(`${record.why.split("; ")[0]}; counting with ${record.source}`);
  }
  if (options.verbose) warn(`source: ${record.source}, ${record.why}`);
  if (out.isTTY && !options.json) warn(startLine(record, target));
}

const startLine = (record: StartRecord, target: Target): string =>
  `tracing ${record.target} via ${record.source}${target.command === null ? ", Ctrl-C to end" : ""}`;

/** COMMAND is waited for, however the measurement ended. */
async function exitStatus(target: Target, failed: boolean, { interrupted }: Invocation): Promise<number> {
  if (target.command === null) return failed ? EXIT.failed : EXIT.ok;
  const status = await Promise.race([target.command.ended, interrupted()]);
  return failed ? EXIT.failed : status;
}
