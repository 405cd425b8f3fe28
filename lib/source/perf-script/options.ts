import type { Scope } from "../source.ts";
import type { Fields } from "../stream/batch.ts";

/** What an event of perf tells: completed faults of one kind, all faults when they begin, or something else. */
export type EventKind = "minor" | "major" | "any" | "other";

/** Which lines of perf script mean what. */
export interface ScriptFormat {
  /** By name; perf may print modifiers behind it: "minor-faults:u". */
  events: ReadonlyMap<string, EventKind>;
  /** What was asked for beside pid, tid, time, event and address. */
  fields: Fields;
}

/** What is recorded live (recordArguments). */
export const RECORDED: ScriptFormat["events"] = new Map([
  ["minor-faults", "minor"],
  ["major-faults", "major"],
]);

/**
 * The arguments of perf that record faults into its standard output. The events are opened disabled,
 * and the command `enable` is acknowledged once they count; mappings are told from the beginning.
 *
 * @param ringBytes for each CPU, or null for as much as perf may lock by itself
 */
export function recordArguments(
  whom: readonly string[],
  { physical }: Fields,
  ringBytes: number | null,
): string[] {
  return [
    "record",
    ...["-D", "-1", "--control", "fd:4,5"],
    ...["-e", "minor-faults", "-e", "major-faults", "-c", "1", "-d"],
    ...["-k", "CLOCK_MONOTONIC"],
    ...(physical ? ["--phys-data", "--data-page-size"] : []),
    ...(ringBytes === null ? [] : ["-m", `${ringBytes}B`]),
    ...["-o", "-", ...whom],
  ];
}

/** Processes, with all that they fork; anything wider is everybody. */
export const whomArguments = (scope: Scope): string[] =>
  scope.kind === "pids" ? ["-p", scope.pids.join()] : ["-a"];

/**
 * The arguments of perf that print a recording for PerfScriptDecoder. The command's name is left out:
 * it comes first in a line and may hold anything, also what looks like the rest of the line.
 * -f: also where the recording is another user's.
 */
export function scriptArguments(input: string, { ip, physical }: Fields): string[] {
  const fields = [
    "pid,tid,time,event,addr",
    ...(ip ? ["ip"] : []),
    ...(physical ? ["phys_addr,data_page_size"] : []),
  ];
  const records = ["--show-mmap-events", "--show-task-events", "--show-lost-events"];
  return ["script", "-f", "-i", input, "--ns", "-G", "-F", fields.join(), ...records];
}
