import type { TaskCounts } from "../../source/source.ts";
import { addLatency, latencySince, noLatency } from "../latency.ts";
import { typesSince } from "../types.ts";

export const taskId = (task: { pid: number; tid: number | null }): string => `${task.pid},${task.tid ?? ""}`;

/** What one task did between two readings of the source. */
export function since(now: TaskCounts, before: TaskCounts | undefined): TaskCounts {
  if (before === undefined) return now;
  return {
    ...now,
    minor: now.minor - before.minor,
    major: now.major - before.major,
    entries: now.entries === null ? null : now.entries - (before.entries ?? 0),
    latency:
      now.latency === null
        ? null
        : {
            minor: latencySince(now.latency.minor, before.latency?.minor ?? noLatency()),
            major: latencySince(now.latency.major, before.latency?.major ?? noLatency()),
          },
    types: now.types === null ? null : typesSince(now.types, before.types ?? new Map()),
  };
}

/** The threads of one process together. */
export function sumTasks(tasks: readonly TaskCounts[]): TaskCounts | null {
  const [first, ...rest] = tasks;
  if (first === undefined) return null;
  return rest.reduce(add, { ...first, tid: null });
}

function add(a: TaskCounts, b: TaskCounts): TaskCounts {
  const types = a.types === null && b.types === null ? null : new Map(a.types ?? []);
  for (const [code, n] of b.types ?? []) types?.set(code, (types.get(code) ?? 0) + n);
  const both = a.latency ?? b.latency;
  return {
    ...a,
    minor: a.minor + b.minor,
    major: a.major + b.major,
    entries: a.entries === null && b.entries === null ? null : (a.entries ?? 0) + (b.entries ?? 0),
    latency:
      both === null
        ? null
        : {
            minor: addLatency(a.latency?.minor ?? noLatency(), b.latency?.minor ?? noLatency()),
            major: addLatency(a.latency?.major ?? noLatency(), b.latency?.major ?? noLatency()),
          },
    types,
  };
}
