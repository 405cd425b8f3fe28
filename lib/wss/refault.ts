import { attempt, reasonOf } from "../kernel/attempt.ts";
import { helperPath } from "../paths.ts";
import { readSmaps, type SmapsEntry } from "../procfs/smaps.ts";
import { formatBytes } from "../term/units.ts";
import { type Back, type BackMapping, type Evictor, startEvictor } from "./evictor.ts";
import { readMachine } from "./limit/memory.ts";
import type { Member } from "./members.ts";
import type { Method, Reading, TouchedMapping, Tracking } from "./method.ts";
import { fromMonotonic, type Span } from "./window.ts";

/**
 * Pages that come back after they were paged out (helpers-c/wssevict.c). Of all methods the one that costs the
 * target most: it waits for each page that it touches. Nothing of it is changed or lost.
 */
export const refault: Method = {
  name: "refault",
  description: "pages that come back after all of them were paged out",
  refusal: async () => {
    const tried = await attempt(helperPath("wssevict"), ["-t"]);
    return tried.exitCode === 0 ? null : reasonOf("wssevict", tried).replace(/^wssevict: /, "");
  },
  degraded: (_, members) => swapIsShort(members),
  // the lock is held for reading, and for 2 MiB at a time
  nsPerPage: () => 0,
  track: async (pid) => {
    const evictor = await startEvictor(pid);
    return evictor && new RefaultTracking(pid, evictor);
  },
};

/** That memory without a file will not all find room in the swap, in words; nothing where it will. */
function swapIsShort(members: readonly Member[]): string[] {
  const { swapTotal, swapFree } = readMachine();
  if (swapTotal === 0)
    return [
      "refault: there is no swap, so anonymous memory cannot be paged out and is in HIGH alone: --zram SIZE makes some",
    ];
  const anonymous = members
    .flatMap(({ pid }) => readSmaps(pid) ?? [])
    .reduce((sum, mapping) => sum + mapping.anonymous, 0);
  return anonymous <= swapFree
    ? []
    : [
        `refault: ${formatBytes(anonymous)} of anonymous memory do not fit into ${formatBytes(swapFree)} of free swap: what stays is in HIGH alone: --zram SIZE makes more`,
      ];
}

class RefaultTracking implements Tracking {
  readonly #pid: number;
  readonly #evictor: Evictor;
  span: Span | null = null;

  constructor(pid: number, evictor: Evictor) {
    this.#pid = pid;
    this.#evictor = evictor;
  }

  async mark(): Promise<boolean> {
    return (await this.#ask("evict")) !== null;
  }

  async read(): Promise<Reading | null> {
    const back = await this.#ask("read");
    const entries = back === null ? null : readSmaps(this.#pid);
    return back === null || entries === null || entries.length === 0
      ? null
      : readingOf(back.mappings, entries, !back.swapsChanged);
  }

  close(): Promise<void> {
    return this.#evictor.close();
  }

  async #ask(what: "evict" | "read"): Promise<Back | null> {
    const back = await this.#evictor.ask(what);
    this.span = back && { from: fromMonotonic(back.beginNs), to: fromMonotonic(back.endNs) };
    return back;
  }
}

/**
 * What has come back, beside the mappings of smaps, which was read just after it.
 *
 * @param isCertain false where the swaps changed in the window: taking one down brings back all that is in it (swapoff(2)),
 *   whoever touched it, and nothing is certain
 */
export function readingOf(
  told: readonly BackMapping[],
  entries: readonly SmapsEntry[],
  isCertain = true,
): Reading {
  const mappings = entries.map(
    (mapping): TouchedMapping => ({
      mapping,
      wss: 0,
      low: 0,
      high: mapping.hugetlb,
    }),
  );
  const sums = { wss: 0, low: 0, high: 0, anon: 0, file: 0 };
  let next = 0;
  for (const { start, anon, file, low, kept } of told) {
    const at = Number(start);
    while ((mappings[next + 1]?.mapping.start ?? Number.POSITIVE_INFINITY) <= at) next++;
    const touched = { wss: anon + file, low: isCertain ? low : 0, high: anon + file + kept };
    for (const to of [sums, mappings[next]])
      if (to !== undefined) {
        to.wss += touched.wss;
        to.low += touched.low;
        to.high += touched.high;
      }
    sums.anon += anon;
    sums.file += file;
  }
  const hugetlb = entries.reduce((sum, each) => sum + each.hugetlb, 0);
  const kept = told.reduce((sum, each) => sum + each.kept, 0);
  return { ...sums, high: sums.high + hugetlb, untracked: hugetlb + kept, mappings };
}
