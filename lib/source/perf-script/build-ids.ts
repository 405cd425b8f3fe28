import { attempt } from "../../kernel/attempt.ts";

/** perf reads no more than the head of the file, unless it came through a pipe. */
const LIMIT_MS = 60_000;

/**
 * The build ids that a recording has for the files that its samples lie in: path to hexadecimal id; none where perf
 * cannot tell (perf-buildid-list(1)).
 */
export async function recordedBuildIds(file: string): Promise<ReadonlyMap<string, string>> {
  const { output } = await attempt("perf", ["buildid-list", "-f", "-i", file], { limitMs: LIMIT_MS });
  return parseBuildIds(output);
}

/** Lines of id and path; of what has no id the line begins with spaces. */
export const parseBuildIds = (text: string): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(/^([0-9a-f]{2,40}) (.+)$/gm)].map(([, id = "", path = ""]) => [path, id]));
