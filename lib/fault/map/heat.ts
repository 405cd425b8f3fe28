import type { HeatCell, HeatRecord } from "../../metric/map-record.ts";
import { ACCESSES } from "../types.ts";
import { Cells } from "./cells.ts";

const PAGE_BYTES = 4096;
/** Cells that are kept: a picture shows fewer. */
const MOST_CELLS = 32_768;
const MOST_BINS = 256;
/** The finest bin of time, ns, where each fault has its own; doubled until the run fits. */
const FIRST_BIN_NS = 1e6;
/** Room for the bins in a key, a power of two. */
const KEY = 1024;

const WRITE = ACCESSES.indexOf("write");
const COPY = ACCESSES.indexOf("copyOnWrite");

/** The counts of a cell. */
const MINOR = 0;
const MAJOR = 1;
const WRITES = 2;
const COPIES = 3;

/**
 * Counts of faults by block of pages and by bin of time, in bounded memory: where there are too many
 * cells, blocks become twice as large; where the run outgrows the bins, they become twice as long.
 */
export class Heat {
  readonly #cells = new Cells();
  #blockPages = 1;
  #binNs: number;
  #lastKey = -1;
  #lastAt = 0;
  #hasAccess = false;

  /** @param firstBinNs the finest bin: no finer than the times are known */
  constructor(firstBinNs = FIRST_BIN_NS) {
    this.#binNs = firstBinNs;
  }

  /**
   * @param timeNs since the beginning of the recording; before it counts as 0
   * @param access as accessOf() tells it, null where it was not recorded
   * @param times faults of that page at that time
   */
  add(page: number, timeNs: number, major: boolean, access: number | null = null, times = 1): void {
    let bin = timeNs <= 0 ? 0 : Math.floor(timeNs / this.#binNs);
    while (bin >= MOST_BINS) {
      this.#coarsen(1, 2);
      bin = Math.floor(timeNs / this.#binNs);
    }
    const key = Math.floor(page / this.#blockPages) * KEY + bin;
    if (key !== this.#lastKey) {
      this.#lastAt = this.#cells.at(key);
      this.#lastKey = key;
    }
    this.#count(major ? MAJOR : MINOR, times);
    if (access !== null) {
      this.#hasAccess = true;
      if (access === WRITE) this.#count(WRITES, times);
      else if (access === COPY) this.#count(COPIES, times);
    }
    while (this.#cells.size > MOST_CELLS) this.#coarsen(2, 1);
  }

  record(pid: number, startTime: number): HeatRecord {
    const cells: HeatCell[] = [];
    for (const key of this.#cells.keys()) {
      const at = this.#cells.at(key);
      const [minor = 0, major = 0, write = 0, copied = 0] = this.#cells.counts.subarray(at, at + 4);
      const address = Math.floor(key / KEY) * this.#blockPages * PAGE_BYTES;
      const place = [`0x${address.toString(16)}`, key % KEY] as const;
      cells.push(this.#hasAccess ? [...place, minor, major, write, copied] : [...place, minor, major]);
    }
    return {
      type: "heat",
      pid,
      blockBytes: this.#blockPages * PAGE_BYTES,
      binSeconds: this.#binNs * 1e-9,
      time: startTime,
      cells,
    };
  }

  #count(which: number, times: number): void {
    const { counts } = this.#cells;
    counts[this.#lastAt + which] = (counts[this.#lastAt + which] ?? 0) + times;
  }

  /** Makes blocks or bins larger by a factor, and again while a quarter of the room is not free. */
  #coarsen(blocks: number, bins: number): void {
    do {
      this.#blockPages *= blocks;
      this.#binNs *= bins;
      this.#cells.rekey(
        (key) => Math.floor(Math.floor(key / KEY) / blocks) * KEY + Math.floor((key % KEY) / bins),
      );
    } while (blocks > 1 && this.#cells.size > (3 * MOST_CELLS) / 4);
    this.#lastKey = -1;
  }
}
