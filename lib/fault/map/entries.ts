import { UserError } from "../../cli/error.ts";
import { attachCounters } from "../../source/counters.ts";
import type { AttachedSource, Scope } from "../../source/source.ts";

/** Faults begun, from a plain counter beside the recorder: what fails has no record. */
export interface Entries {
  /** After stop(): how many, or null where they are not counted. */
  of(pid: number): Promise<number | null>;
  stop(): Promise<void>;
}

const NONE: Entries = { of: async () => null, stop: async () => undefined };

/** Counts them where they can be counted by process: not with followed children. */
export async function countEntries(scope: Scope): Promise<Entries> {
  if (scope.kind !== "pids" || scope.follow) return NONE;
  let counters: AttachedSource;
  try {
    counters = await attachCounters(
      { scope, tick: 1, perThread: false, latency: false, types: false },
      "entries",
    );
  } catch (error) {
    if (error instanceof UserError) return NONE;
    throw error;
  }
  const latest = new Map<number, number | null>();
  const reading = (async () => {
    for await (const tick of counters.ticks)
      for (const task of tick.tasks) latest.set(task.pid, task.entries);
  })().catch(() => latest.clear());
  return {
    of: async (pid) => {
      await reading;
      return latest.get(pid) ?? null;
    },
    stop: () => counters.stop(),
  };
}
