import { readFileSync } from "node:fs";
import { refusalOf } from "../kernel/trial.ts";
import type { SmapsEntry } from "../procfs/smaps.ts";
import { nsPerPageOf } from "./clear-refs.ts";
import { Helper, type LastLine, type MappingLine } from "./helper.ts";
import { HelperTracking } from "./helper-tracking.ts";
import type { Method, Reading, Touched } from "./method.ts";
import { place, readingIn, total } from "./place.ts";

const PAGE = 4096;
const HUGE = 512 * PAGE;

/** A line of helpers-c/wssdirty.c. */
export interface DirtyMapping extends MappingLine {
  written: number;
  /** Of written, in huge pages; null where the kernel does not tell. */
  huge: number | null;
  /** Of written. */
  anon: number;
}

interface DirtyRead extends LastLine {
  exact: boolean;
}

/**
 * The kernel's soft-dirty marks (Documentation/admin-guide/mm/soft-dirty.rst): taken away by clear_refs 4, set again
 * at the first write to a page, which costs a minor fault. There is one set of them for everybody.
 */
export const softdirty: Method = {
  name: "softdirty",
  description: "pages written, by the soft-dirty marks that clear_refs takes away",
  refusal: () => refusalOf("wssdirty"),
  degraded: () => [
    "softdirty counts writes only, and takes away the soft-dirty marks that somebody else (CRIU) may need",
    ...(balancesNuma() ? ["NUMA balancing is on: to softdirty a page that it moves is written"] : []),
  ],
  nsPerPage: () => nsPerPageOf("4"),
  track: async (pid) =>
    new HelperTracking<DirtyMapping, DirtyRead>({
      pid,
      helper: new Helper("wssdirty", [String(pid)]),
      commands: { mark: "m", read: "r" },
      readingOf: (told, entries, { exact }) => readingOf(told, entries, exact),
    }),
};

/** A page that is dirty and moved to another node is marked: remove_migration_pte() in mm/migrate.c. */
function balancesNuma(): boolean {
  try {
    return Number(readFileSync("/proc/sys/kernel/numa_balancing", "utf8")) !== 0;
  } catch {
    return false; // a kernel without it
  }
}

/** What was told, beside the mappings of smaps, which was read just after it. hugetlb pages have no such marks. */
export function readingOf(
  told: readonly DirtyMapping[],
  entries: readonly SmapsEntry[],
  exact: boolean,
): Reading {
  const writes = told.filter((line) => line.written > 0);
  const mappings = place(writes, entries, (line, mapping) => touchedOf(line, mapping, exact));
  for (const each of mappings) each.high += each.mapping.hugetlb;
  const untracked = total(entries, (entry) => entry.hugetlb);
  return readingIn(mappings, { anon: total(told, (line) => line.anon), untracked });
}

/**
 * Of a huge page one write is known: low has one page of it. In a mapping that is new or has grown ("sd" of VmFlags)
 * all pages count as written where the kernel does not tell them apart: nothing is certain there.
 */
function touchedOf(
  { written, huge }: DirtyMapping,
  { flags, anonHuge, shmemHuge, fileHuge, hugetlb }: SmapsEntry,
  exact: boolean,
): Touched {
  if (hugetlb > 0) return { wss: 0, low: 0, high: 0 };
  const inHuge = huge ?? Math.min(written, anonHuge + shmemHuge + fileHuge);
  const certain = exact || !/\bsd\b/.test(flags);
  return {
    wss: written,
    low: certain ? written - inHuge + Math.ceil(inHuge / HUGE) * PAGE : 0,
    high: written,
  };
}
