import { refusalOf } from "../kernel/trial.ts";
import type { SmapsEntry } from "../procfs/smaps.ts";
import { Helper, type MappingLine } from "./helper.ts";
import { HelperTracking } from "./helper-tracking.ts";
import type { Method, Reading, Touched } from "./method.ts";
import { place, readingIn, total } from "./place.ts";

const PAGE = 4096;
const LEAST_US = 10_000;

/** A line of helpers-c/wssdamon.c. */
export interface Piece extends MappingLine {
  hit: boolean;
}

/**
 * DAMON (Documentation/admin-guide/mm/damon): the kernel watches one page by chance in each of some thousand pieces
 * of the process's memory. What that comes to is an estimate: to be certain of anything else, it would have to look at
 * every page.
 */
export const damon: Method = {
  name: "damon",
  description: "one page in each of about 1000 pieces of memory, watched by the kernel's DAMON",
  refusal: () => refusalOf("wssdamon"),
  degraded: () => [
    "damon looks at a sample of pages: its working set is an estimate, and certain is only that it lies between the pages found and the RSS",
  ],
  nsPerPage: () => 0, // it holds the mmap lock for reading, a page at a time
  track: async (pid, { interval }) => trackingOf(pid, Math.max(LEAST_US, Math.round(interval * 1e6))),
};

/** One for all processes: DAMON has one user at a time. It turns DAMON off however this process ends. */
let guardian: { helper: Helper; users: number } | null = null;

function trackingOf(pid: number, us: number): HelperTracking<Piece> {
  guardian ??= { helper: new Helper("wssdamon", [], { guardian: true }), users: 0 };
  guardian.users += 1;
  const { helper } = guardian;
  return new HelperTracking<Piece>({
    pid,
    helper,
    commands: { mark: `m ${pid} ${us}\n`, read: `r ${pid}\n` },
    readingOf,
    close: async () => {
      helper.tell(`f ${pid}\n`);
      if (guardian === null || --guardian.users > 0) return;
      guardian = null;
      await helper.close();
    },
  });
}

/**
 * A page found stands for its piece. Certain is one page for each that was found in memory without a file, since
 * files may have been read by others; and that no more than the RSS was touched.
 */
export function readingOf(pieces: readonly Piece[], entries: readonly SmapsEntry[]): Reading {
  const hits = pieces.filter(({ hit }) => hit);
  const mappings = place(hits, entries, ({ start, end }, { inode }): Touched => {
    const size = Number(end) - Number(start);
    return { wss: size, low: inode === 0 ? PAGE : 0, high: size };
  });
  for (const each of mappings) {
    const { rss, hugetlb } = each.mapping;
    each.wss = Math.min(each.wss, rss);
    each.low = Math.min(each.low, rss);
    each.high = rss + hugetlb;
  }
  const anon = total(mappings, ({ wss: size, mapping }) => (mapping.inode === 0 ? size : 0));
  return readingIn(mappings, { anon, untracked: total(entries, (entry) => entry.hugetlb) });
}
