import { statSync } from "node:fs";
import { EXIT, errnoOf, UserError } from "../../cli/error.ts";
import { type Attempted, attempt, reasonOf } from "../../kernel/attempt.ts";
import { runCheck } from "../../kernel/capability.ts";
import { perf } from "../../kernel/perf.ts";
import { findCut } from "./container.ts";
import { parseEvlist, type RecordedEvent } from "./evlist.ts";
import type { ScriptFormat } from "./options.ts";

/** A recording of perf that has page faults with their addresses. */
export interface PerfRecording {
  /** As perf has to be given it. */
  file: string;
  format: ScriptFormat;
  /** What is not in it, each in words. */
  degraded: string[];
  /** Unix seconds of the last write to it: the end of the recording, unless it was copied. */
  written: number;
  /** Why it is not whole, or null. */
  cut: string | null;
}

/** The command that records what is needed. */
const HOW = "perf record -e minor-faults,major-faults -c 1 -d";
/** What perf says of a file that is no recording. */
const FOREIGN = /incompatible file format/;
/** perf reads the head of the file; of one that came through a pipe, all of it. */
const LIMIT_MS = 600_000;

/**
 * What a perf.data file holds.
 *
 * @throws UserError when it cannot be opened, is no recording of perf, or has no page faults with addresses
 */
export async function examineRecording(path: string): Promise<PerfRecording> {
  const { written, cut } = checkFile(path);
  const file = path.startsWith("-") ? `./${path}` : path; // "-" is standard input
  const tried = await attempt("perf", ["evlist", "-f", "-v", "-i", file], { limitMs: LIMIT_MS });
  if (!tried.found) {
    const { detail, fix } = await runCheck("perf", perf);
    throw new UserError(fix === null ? detail : `${detail}: ${fix}`, EXIT.prerequisite);
  }
  const events = parseEvlist(tried.output);
  if (events.length === 0) throw unreadable(path, reasonFor(tried));
  const faults = events.filter((event) => event.kind !== "other");
  if (faults.length === 0) {
    throw unreadable(path, `it has no page faults, but ${namesOf(events)}: record with ${HOW}`);
  }
  const lacking = (type: string): boolean => faults.some((event) => !event.sampleType.has(type));
  if (lacking("ADDR")) throw unreadable(path, `it has no addresses: record with ${HOW}`);
  if (lacking("TIME") || lacking("TID")) throw unreadable(path, `its faults have no time or no process`);
  return { file, written, cut, ...readable(events, faults) };
}

/** Faults that are told when they begin do not count beside those told when they are completed. */
function readable(
  events: readonly RecordedEvent[],
  faults: readonly RecordedEvent[],
): Pick<PerfRecording, "format" | "degraded"> {
  const completed = faults.filter((event) => event.kind !== "any");
  const used = completed.length > 0 ? completed : faults;
  const kinds = events.map((event) => [event.name, used.includes(event) ? event.kind : "other"] as const);
  const every = (type: string): boolean => events.every((event) => event.sampleType.has(type));
  const physical = every("PHYS_ADDR") && every("DATA_PAGE_SIZE");
  return {
    format: { events: new Map(kinds), fields: { ip: every("IP"), physical, chain: false } },
    degraded: degradedIn(used),
  };
}

function degradedIn(used: readonly RecordedEvent[]): string[] {
  const degraded: string[] = [];
  const kinds = new Set(used.map((event) => event.kind));
  if (kinds.has("any")) {
    degraded.push(
      "page-faults were recorded: minor and major cannot be told apart, all count as minor, failed ones too",
    );
  } else {
    if (!kinds.has("major")) degraded.push("major faults were not recorded");
    if (!kinds.has("minor")) degraded.push("minor faults were not recorded");
  }
  for (const { name, period, frequency } of used) {
    if (frequency !== null) degraded.push(`${name} was sampled at ${frequency} Hz: counts are samples`);
    else if (period !== 1) degraded.push(`${name} was sampled, one in ${period}: counts are samples`);
  }
  if (used.some((event) => event.userOnly)) degraded.push("faults in kernel mode were not recorded");
  return degraded;
}

/** @throws UserError when there is no such file */
function checkFile(path: string): Pick<PerfRecording, "written" | "cut"> {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new UserError(`cannot read '${path}': it is a directory`, EXIT.failed);
    if (!stat.isFile()) throw new UserError(`cannot read '${path}': it is no regular file`, EXIT.failed);
    if (stat.size === 0) throw new UserError(`cannot read '${path}': it is empty`, EXIT.failed);
    return { written: stat.mtimeMs / 1000, cut: findCut(path, stat.size) };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === null) throw error;
    const why = errno === "ENOENT" ? "no such file" : errno === "EACCES" ? "permission denied" : errno;
    throw new UserError(`cannot open '${path}': ${why}`, EXIT.failed);
  }
}

const unreadable = (path: string, why: string): UserError =>
  new UserError(`cannot read '${path}': ${why}`, EXIT.failed);

/** perf's words for a file of another kind lead nowhere. */
function reasonFor(tried: Attempted): string {
  const reason = reasonOf("perf", tried);
  return FOREIGN.test(reason) ? "it is no recording of perf" : reason;
}

const namesOf = (events: readonly RecordedEvent[]): string =>
  events
    .map(({ name }) => name)
    .slice(0, 3)
    .join(", ");
