import type { HeatRecord } from "../../metric/map-record.ts";

const PAGE_BYTES = 4096;
/** Cells that are kept: a picture shows fewer. */
const MOST_CELLS = 32_768;
const MOST_BINS = 256;
/** The finest bin of time, ns; doubled until the run fits. */
const FIRST_BIN_NS = 1e6;
/** Room for the bins in a key, a power of two. */
const KEY = 1024;

interface Cell {
  minor: number;
  major: number;
}

/**
 * Counts of faults by block of pages and by bin of time, in bounded memory: where there are too many
 * cells, blocks become twice as large; where the run outgrows the bins, they become twice as long.
 */
export class Heat {
  #cells = new Map<number, Cell>();
  #blockPages = 1;
  #binNs = FIRST_BIN_NS;
  #lastKey = -1;
  #lastCell: Cell = { minor: 0, major: 0 };

  /** @param timeNs since the beginning of the recording; before it counts as 0 */
  add(page: number, timeNs: number, major: boolean): void {
    let bin = timeNs <= 0 ? 0 : Math.floor(timeNs / this.#binNs);
    while (bin >= MOST_BINS) {
      this.#coarsen(1, 2);
      bin = Math.floor(timeNs / this.#binNs);
    }
    const key = Math.floor(page / this.#blockPages) * KEY + bin;
    if (key !== this.#lastKey) this.#lookUp(key);
    if (major) this.#lastCell.major++;
    else this.#lastCell.minor++;
    if (this.#cells.size > MOST_CELLS) this.#coarsen(2, 1);
  }

  record(pid: number, startTime: number): HeatRecord {
    const sorted = [...this.#cells].sort(([a], [b]) => a - b);
    return {
      type: "heat",
      pid,
      blockBytes: this.#blockPages * PAGE_BYTES,
      binSeconds: this.#binNs * 1e-9,
      time: startTime,
      cells: sorted.map(([key, { minor, major }]) => {
        const block = Math.floor(key / KEY);
        return [`0x${(block * this.#blockPages * PAGE_BYTES).toString(16)}`, key % KEY, minor, major];
      }),
    };
  }

  #lookUp(key: number): void {
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { minor: 0, major: 0 };
      this.#cells.set(key, cell);
    }
    this.#lastKey = key;
    this.#lastCell = cell;
  }

  /** Makes blocks or bins larger by a factor, and again while a quarter of the room is not free. */
  #coarsen(blocks: number, bins: number): void {
    do {
      this.#blockPages *= blocks;
      this.#binNs *= bins;
      const cells = new Map<number, Cell>();
      for (const [key, { minor, major }] of this.#cells) {
        const to = Math.floor(Math.floor(key / KEY) / blocks) * KEY + Math.floor((key % KEY) / bins);
        const cell = cells.get(to);
        if (cell === undefined) cells.set(to, { minor, major });
        else {
          cell.minor += minor;
          cell.major += major;
        }
      }
      this.#cells = cells;
    } while (blocks > 1 && this.#cells.size > (3 * MOST_CELLS) / 4);
    this.#lastKey = -1;
  }
}
