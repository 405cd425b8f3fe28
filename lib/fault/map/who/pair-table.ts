const FIRST_SLOTS = 64;

/**
 * Numbers pairs of 32 bit integers in the order they are first seen: 0, 1, 2, ... up to a limit.
 * Open addressing in typed arrays: a look-up makes no object, at millions a second.
 */
export class PairTable {
  readonly #most: number;
  #a = new Int32Array(FIRST_SLOTS / 2);
  #b = new Int32Array(FIRST_SLOTS / 2);
  /** Number + 1; 0 where the slot is free. */
  #slots = new Int32Array(FIRST_SLOTS);
  #size = 0;

  /** @param most pairs that are told apart */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  /** The number of a pair, a new one where it is first seen; -1 where there is no room for it. */
  of(a: number, b: number): number {
    const slot = this.#slotOf(a, b);
    const number = this.#slots[slot] ?? 0;
    return number === 0 ? this.#add(a, b, slot) : number - 1;
  }

  /** The number of a pair, or -1 where it has none. */
  find(a: number, b: number): number {
    return (this.#slots[this.#slotOf(a, b)] ?? 0) - 1;
  }

  first(number: number): number {
    return this.#a[number] ?? 0;
  }

  second(number: number): number {
    return this.#b[number] ?? 0;
  }

  /** Forgets the numbers for which `gone` holds: their pairs will be numbered anew; what they were stays readable. */
  forget(gone: (number: number) => boolean): void {
    const kept = this.#slots.filter((number) => number !== 0 && !gone(number - 1));
    this.#slots.fill(0);
    for (const number of kept) this.#place(number);
  }

  /** The slot that has the pair, or the free one where it would be. */
  #slotOf(a: number, b: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(a, b) & mask;
    for (let number = slots[slot] ?? 0; number !== 0; number = slots[slot] ?? 0) {
      if (this.#a[number - 1] === a && this.#b[number - 1] === b) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #add(a: number, b: number, slot: number): number {
    if (this.#size === this.#most) return -1;
    const number = this.#size++;
    if (this.#size > this.#a.length) {
      this.#a = grown(this.#a);
      this.#b = grown(this.#b);
    }
    this.#a[number] = a;
    this.#b[number] = b;
    this.#slots[slot] = number + 1;
    if (2 * this.#size > this.#slots.length) {
      const all = this.#slots.filter((each) => each !== 0);
      this.#slots = new Int32Array(2 * this.#slots.length);
      for (const each of all) this.#place(each);
    }
    return number;
  }

  #place(number: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash(this.#a[number - 1] ?? 0, this.#b[number - 1] ?? 0) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = number;
  }
}

/** Mixes all bits of both into the low ones: code addresses differ little. */
function hash(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}

function grown(from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * from.length);
  larger.set(from);
  return larger;
}

/** Counts by number, as long as need be. */
export class Counts {
  #counts = new Float64Array(FIRST_SLOTS);

  add(number: number): void {
    if (number >= this.#counts.length) {
      const larger = new Float64Array(Math.max(number + 1, 2 * this.#counts.length));
      larger.set(this.#counts);
      this.#counts = larger;
    }
    this.#counts[number] = (this.#counts[number] ?? 0) + 1;
  }

  of(number: number): number {
    return this.#counts[number] ?? 0;
  }
}
