import { kindOf } from "../fault/map/kind.ts";
import { capability } from "../kernel/capabilities.ts";
import { emptyEntry, readSmaps, type SmapsEntry } from "../procfs/smaps.ts";
import type { Method, Reading, Touched, TouchedMapping, Tracking } from "./method.ts";
import { fromMonotonic, type Span } from "./window.ts";
import { type Scan, type Scanner, startScanner, type WrittenMapping } from "./wsscan.ts";

/**
 * The pages that were written, to the page: asynchronous write-protection by a userfaultfd of the process, read
 * with PAGEMAP_SCAN (docs/wss-written.md). One thread of the process makes two system calls for it, once.
 */
export const written: Method = {
  name: "written",
  description: "pages written, counted exactly by userfaultfd's asynchronous write-protection",
  refusal: async () => {
    const { status, detail } = await capability("wss-written");
    return status === "ok" ? null : detail;
  },
  degraded: () => ["written counts writes only: what is read and not written is not in it"],
  // wsscan holds it for reading and for a few ms at a time, however large the process: faults go on
  nsPerPage: () => 0,
  track: async (pid) => {
    const scanner = await startScanner(pid);
    return scanner && new WrittenTracking(pid, scanner);
  },
};

class WrittenTracking implements Tracking {
  readonly #pid: number;
  readonly #scanner: Scanner;
  span: Span | null = null;

  constructor(pid: number, scanner: Scanner) {
    this.#pid = pid;
    this.#scanner = scanner;
  }

  async mark(): Promise<boolean> {
    return (await this.#ask("scan")) !== null;
  }

  async read(): Promise<Reading | null> {
    const scan = await this.#ask("peek");
    const entries = scan === null ? null : readSmaps(this.#pid);
    return scan === null || entries === null || entries.length === 0
      ? null
      : readingOf(scan.mappings, entries);
  }

  async #ask(what: "scan" | "peek"): Promise<Scan | null> {
    const scan = await this.#scanner.ask(what);
    this.span = scan && { from: fromMonotonic(scan.beginNs), to: fromMonotonic(scan.endNs) };
    return scan;
  }

  close(): Promise<void> {
    return this.#scanner.close();
  }
}

/** What a peek tells, beside the mappings of smaps, which was read just after it. */
export function readingOf(told: readonly WrittenMapping[], entries: readonly SmapsEntry[]): Reading {
  const mappings = entries.map((mapping): TouchedMapping => ({ mapping, ...untold(mapping) }));
  const untracked = mappings.reduce((sum, { high }) => sum + high, 0);
  let next = 0;
  for (const each of told) {
    const start = Number(each.start);
    while ((mappings[next + 1]?.mapping.start ?? Number.POSITIVE_INFINITY) <= start) next++;
    const there = mappings[next];
    if (there !== undefined && start < there.mapping.end) add(there, touchedOf(each));
    else mappings.push({ mapping: goneSince(each), ...touchedOf(each) });
  }
  const sum = (of: readonly TouchedMapping[], field: keyof Touched): number =>
    of.reduce((total, each) => total + each[field], 0);
  const wss = sum(mappings, "wss");
  const file = sum(
    mappings.filter(({ mapping }) => isShared(mapping)),
    "wss",
  );
  return {
    wss,
    low: sum(mappings, "low"),
    high: sum(mappings, "high"),
    anon: wss - file,
    file,
    untracked,
    mappings,
  };
}

const isShared = ({ permissions }: SmapsEntry): boolean => permissions[3] === "s";

/**
 * Pages that came into memory in this window need not have been written: private ones mostly were, of shared ones
 * it is only guessed what is certain.
 */
const touchedOf = ({ kind, low, high }: WrittenMapping): Touched => ({
  low,
  high,
  wss: kind === "shared" ? low : high,
});

/**
 * A mapping without VM_UFFD_WP ("uw" of VmFlags) came in this window, or the kernel cannot protect it: all of it may
 * have been written. Private memory that came in this window most probably was.
 */
function untold(mapping: SmapsEntry): Touched {
  const { permissions, inode, rss, hugetlb, anonymous, flags } = mapping;
  const isTold = /\buw\b/.test(flags) || kindOf(mapping) === "vdso";
  const mayBeWritten = permissions[1] === "w" || (!isShared(mapping) && inode === 0);
  if (isTold || !mayBeWritten) return { wss: 0, low: 0, high: 0 };
  return { wss: isShared(mapping) ? 0 : anonymous, low: 0, high: rss + hugetlb };
}

function add(to: Touched, more: Touched): void {
  to.wss += more.wss;
  to.low += more.low;
  to.high += more.high;
}

const goneSince = ({ start, end, kind }: WrittenMapping): SmapsEntry =>
  emptyEntry({
    start: Number(start),
    end: Number(end),
    permissions: kind === "shared" ? "rw-s" : "rw-p",
    offset: 0,
    device: "00:00",
    inode: 0,
    path: "",
  });
