import { refusalOf } from "../kernel/trial.ts";
import type { SmapsEntry } from "../procfs/smaps.ts";
import { clearRefs, flushes, hasSoftDirty, nsPerPageOf, UNFLUSHED } from "./clear-refs.ts";
import { Helper, type MappingLine } from "./helper.ts";
import { HelperTracking } from "./helper-tracking.ts";
import { holderOf, runningDamon } from "./in-use.ts";
import type { Method, Reading } from "./method.ts";
import { place, readingIn, total } from "./place.ts";

const BITMAP = "/sys/kernel/mm/page_idle/bitmap";

/** A line of helpers-c/wssidle.c. */
export interface IdleMapping extends MappingLine {
  touched: number;
  low: number;
  high: number;
  /** Of touched. */
  anon: number;
  untracked: number;
}

/**
 * The kernel's idle marks on pages (Documentation/admin-guide/mm/idle_page_tracking.rst): the process's own pages
 * are marked, and those that have no mark any more were touched. Does not hold the target's mmap lock for writing,
 * and keeps for reclaim what it knew of the pages; the TLB is as with `referenced`.
 */
export const idle: Method = {
  name: "idle",
  description: "idle marks on the process's pages, set and read through page_idle",
  refusal: async () => {
    const lacking = await refusalOf("wssidle");
    if (lacking !== null) return lacking;
    const other = holderOf(BITMAP) ?? runningDamon();
    return other === null ? null : `idle marks are in use by ${other}`;
  },
  degraded: ({ flush }) => (flushes(flush) ? [] : [UNFLUSHED]),
  // the marks themselves need no lock; flushing the TLB takes it
  nsPerPage: () => (hasSoftDirty() ? 0 : nsPerPageOf("4")),
  track: async (pid, { flush }) => {
    const flushed = flushes(flush);
    return new HelperTracking<IdleMapping>({
      pid,
      helper: new Helper("wssidle", [String(pid)]),
      commands: { mark: "m", read: "r" },
      ...(flushed ? { afterMark: () => clearRefs(pid, "4") === null } : {}),
      readingOf: (told, entries) => readingOf(told, entries, flushed),
    });
  },
};

/** Where the TLB was not flushed, all that is resident may have been touched through it. */
export function readingOf(
  told: readonly IdleMapping[],
  entries: readonly SmapsEntry[],
  flushed: boolean,
): Reading {
  const mappings = place(told, entries, ({ touched, low, high }) => ({ wss: touched, low, high }));
  if (!flushed) {
    for (const each of mappings) each.high = Math.max(each.high, each.mapping.rss + each.mapping.hugetlb);
  }
  return readingIn(mappings, {
    anon: total(told, (line) => line.anon),
    untracked: total(told, (line) => line.untracked),
  });
}
