/** Counts that a cell has. */
export const COUNTS = 4;

const SMALLEST = 64;
const LOAD = 0.7;
const FREE = -1;

/** Counts by a key below 2^53: an open hash table in flat arrays, since millions of faults a second look into it. */
export class Cells {
  size = 0;
  #keys: Float64Array;
  #counts: Float64Array;
  #mask: number;

  constructor() {
    this.#keys = new Float64Array(SMALLEST).fill(FREE);
    this.#counts = new Float64Array(COUNTS * SMALLEST);
    this.#mask = SMALLEST - 1;
  }

  /** All counts of all cells; a cell's begin at what `at` gives. */
  get counts(): Float64Array {
    return this.#counts;
  }

  /** Where the counts of a key begin; valid until the next call. A new cell has none. */
  at(key: number): number {
    let slot = this.#slotOf(key);
    if (this.#keys[slot] !== key) {
      if (this.size >= LOAD * this.#keys.length) {
        this.#rebuild(2 * this.#keys.length, (each) => each);
        slot = this.#slotOf(key);
      }
      this.#keys[slot] = key;
      this.size++;
    }
    return COUNTS * slot;
  }

  /** Gives every cell another key; those that get the same one are added up. */
  rekey(keyOf: (key: number) => number): void {
    this.#rebuild(this.#keys.length, keyOf);
  }

  /** The keys in ascending order. */
  keys(): Float64Array {
    return this.#keys.filter((key) => key !== FREE).sort();
  }

  #slotOf(key: number): number {
    const high = Math.floor(key / 0x100000000);
    const mixed = Math.imul((key - high * 0x100000000) | 0, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & this.#mask;
    for (;;) {
      const there = this.#keys[slot];
      if (there === key || there === FREE) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }

  #rebuild(length: number, keyOf: (key: number) => number): void {
    const [keys, counts] = [this.#keys, this.#counts];
    this.#keys = new Float64Array(length).fill(FREE);
    this.#counts = new Float64Array(COUNTS * length);
    this.#mask = length - 1;
    this.size = 0;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] ?? FREE;
      if (key === FREE) continue;
      const to = this.at(keyOf(key));
      for (let c = 0; c < COUNTS; c++)
        this.#counts[to + c] = (this.#counts[to + c] ?? 0) + (counts[COUNTS * i + c] ?? 0);
    }
  }
}
