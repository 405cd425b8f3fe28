import { EXIT, errnoOf, messageOf, UserError } from "../cli/error.ts";
import { readSmaps, type SmapsEntry } from "../procfs/smaps.ts";
import { clearRefs, flushes, mayClearRefs, nsPerPageOf, UNFLUSHED } from "./clear-refs.ts";
import type { Method, Reading, Touched, Tracking } from "./method.ts";

const PAGE = 4096;
const HUGE = 512 * PAGE;
/**
 * A processor may set accessed bits of pages that it looks at ahead of the program. Some are found set in known sets
 * that share memory since a fork: up to 5 beside 512 pages and 10 beside 4,096 (AMD EPYC, test/live/wss.test.ts).
 */
const notCertain = (touched: number): number => Math.max(8 * PAGE, Math.ceil(touched / 64 / PAGE) * PAGE);

/**
 * Referenced of /proc/PID/smaps after writing 1 to clear_refs (proc_pid_clear_refs(5)): the accessed bits of
 * the page tables, and page-wide marks that other processes can set and clear on pages of files.
 *
 * Since Linux 5.6 the clearing does not flush the TLB, so that what stays cached there is not seen again
 * (912efa17e512). Writing 4 flushes it; where soft-dirty tracking is built in, it also resets that.
 */
export const referenced: Method = {
  name: "referenced",
  description: "accessed bits of the page tables, cleared by clear_refs and read from smaps",
  refusal: async () => {
    const error = clearRefs(process.pid, "1");
    return error === null
      ? null
      : `clear_refs cannot be written (${messageOf(error)}): CONFIG_PROC_PAGE_MONITOR`;
  },
  degraded: ({ flush }) => (flushes(flush) ? [] : [UNFLUSHED]),
  nsPerPage: () => nsPerPageOf("1"),
  track: async (pid, { flush }) => {
    const error = mayClearRefs(pid);
    const errno = errnoOf(error);
    if (error !== null && errno !== "ENOENT" && errno !== "ESRCH") {
      const why = errno === "EACCES" ? "it is another user's, or has more privilege" : messageOf(error);
      throw new UserError(`cannot clear the accessed bits of process ${pid}: ${why}`, EXIT.prerequisite);
    }
    return new ReferencedTracking(pid, flushes(flush));
  },
};

class ReferencedTracking implements Tracking {
  readonly #pid: number;
  readonly #flushed: boolean;

  constructor(pid: number, flushed: boolean) {
    this.#pid = pid;
    this.#flushed = flushed;
  }

  async mark(): Promise<boolean> {
    if (clearRefs(this.#pid, "1") !== null) return false;
    return !this.#flushed || clearRefs(this.#pid, "4") === null;
  }

  async read(): Promise<Reading | null> {
    const entries = readSmaps(this.#pid);
    return entries === null || entries.length === 0 ? null : readingOf(entries, this.#flushed);
  }

  async close(): Promise<void> {}
}

/** What the Referenced of all mappings says. */
export function readingOf(entries: readonly SmapsEntry[], flushed: boolean): Reading {
  const mappings = entries.map((mapping) => ({ mapping, ...touchedOf(mapping, flushed) }));
  const sum = (value: (each: (typeof mappings)[number]) => number): number =>
    mappings.reduce((total, each) => total + value(each), 0);
  const anon = sum(({ mapping, wss }) => anonPart(mapping, wss));
  const wss = sum((each) => each.wss);
  return {
    wss,
    low: sum(({ low }) => low),
    high: sum(({ high }) => high),
    anon,
    file: wss - anon,
    untracked: sum(({ mapping }) => mapping.hugetlb),
    mappings,
  };
}

/**
 * Of a huge page one access is known, not how much of it: low has one page of each. A huge page that is mapped by
 * small ones is no longer told apart, and its pages share one mark where somebody (reclaim, DAMON) has moved their
 * accessed bits there: memory that may have huge pages is taken for such. Pages of files and of shmem
 * may have been marked by others: low has none of them. Nor has it those that the processor may have looked at.
 */
function touchedOf(mapping: SmapsEntry, flushed: boolean): Touched {
  const { referenced: wss, rss, hugetlb } = mapping;
  const huge = Math.min(wss, mapping.anonHuge + mapping.shmemHuge + mapping.fileHuge);
  const own = anonPart(mapping, wss);
  const ownHuge = mapping.hugeEligible ? own : Math.min(own, huge, mapping.anonHuge);
  return {
    wss,
    low: Math.max(0, own - ownHuge + Math.ceil(ownHuge / HUGE) * PAGE - notCertain(own - ownHuge)),
    high: (flushed ? wss : rss) + hugetlb,
  };
}

/** At least so much of what was touched is anonymous: where a mapping has both, the other part counts as a file's. */
function anonPart({ rss, anonymous }: SmapsEntry, wss: number): number {
  return Math.max(0, wss - (rss - anonymous));
}
