/** What a fault was to its page. A value of `advance`. */
export const FIRST = 0;
export const UPGRADE = 1;
export const REFAULT = 2;
/** A refault which shows that the page's upgrade was one as well. */
export const REFAULT_TWICE = 3;
/** The set is full and does not have the page. */
export const UNKNOWN = 4;

/** Adds what a fault was to its page to the counts of those that came back; UNKNOWN adds nothing. */
export function bookReturn(kind: number, to: { refaults: number; upgrades: number }): void {
  if (kind === UPGRADE) to.upgrades++;
  else if (kind === REFAULT) to.refaults++;
  else if (kind === REFAULT_TWICE) {
    to.refaults += 2;
    to.upgrades--;
  }
}

/** Pages of a block: two bits of state each fill 32 bits. */
const LANES = 16;
const SMALLEST = 16;
const LOAD = 0.7;
/** 2^24 blocks of 8 bytes are 128 MiB: 11 million pages that lie alone, or 180 million side by side. */
const LARGEST = 2 ** 24;
/** Every page of a block that has upgraded (bits 10) may do so again (bits 01); 11 stays. */
const LOW = 0x55555555;

/**
 * The pages that have faulted: a hash table of 16-page blocks in one flat array, two bits a page.
 *
 *   0 not seen   1 seen   2 seen, and once more by a minor fault   3 has refaulted
 *
 * A page's second minor fault may be the first write after a read that mapped the zero page or a page of a
 * file, or a copy after fork (do_wp_page, mm/memory.c): an upgrade, until the page faults once more.
 *
 * Pages are numbers below 2^36 - 16 (a region of 256 TiB). Memory: 8 bytes a block, 128 MiB at most.
 */
export class PageSet {
  distinct = 0;
  private blocks = 0;
  /** In turns a key (block + 1; 0 is a free slot) and its states: eight slots are a cache line. */
  private table = new Uint32Array(2 * SMALLEST);
  private slots = SMALLEST;
  /** Of the hash, whose upper bits number the places of eight. */
  private shift = 32 - Math.log2(SMALLEST / 8);
  private lastKey = 0;
  private lastSlot = 0;
  private readonly largest: number;
  private forkPending = false;
  /** Since the last time that all upgrades were allowed. */
  private visits = Number.MAX_SAFE_INTEGER / 2;

  constructor(largest = LARGEST) {
    this.largest = largest;
  }

  /** Bytes of the table. */
  get bytes(): number {
    return this.table.byteLength;
  }

  /** Takes a fault on the page and says what it was. */
  advance(page: number, major: boolean): number {
    this.visits++;
    if (this.forkPending && this.visits > this.blocks) this.allowUpgrades();
    const slot = this.slotFor(page);
    if (slot < 0) return UNKNOWN;
    const bit = (page & (LANES - 1)) << 1;
    const states = this.table[slot] ?? 0;
    const state = (states >>> bit) & 3;
    if (state === 0) {
      this.table[slot] = states | (1 << bit);
      this.distinct++;
      return FIRST;
    }
    if (state === 1 && !major) {
      this.table[slot] = states ^ (3 << bit);
      return UPGRADE;
    }
    this.table[slot] = states | (3 << bit);
    return state === 2 ? REFAULT_TWICE : REFAULT;
  }

  has(page: number): boolean {
    if (page < 0) return false;
    const slot = this.find((page / LANES + 1) >>> 0);
    return (((this.table[slot] ?? 0) >>> ((page & (LANES - 1)) << 1)) & 3) !== 0;
  }

  /** The process forked: each page may be copied on its next write, which is an upgrade. */
  forked(): void {
    this.forkPending = true;
  }

  /** Once a fork, but at most once in as many faults as there are blocks: the cost is constant per fault. */
  private allowUpgrades(): void {
    for (let slot = 1; slot < this.table.length; slot += 2) {
      const states = this.table[slot] ?? 0;
      const upgraded = (states >>> 1) & ~states & LOW;
      this.table[slot] = states ^ (upgraded * 3);
    }
    this.forkPending = false;
    this.visits = 0;
  }

  /** Where the block's states are, made where they are missing; -1 if the set is full. */
  private slotFor(page: number): number {
    const key = (page / LANES + 1) >>> 0;
    if (key === this.lastKey) return this.lastSlot;
    let slot = this.find(key);
    if (this.table[slot - 1] === 0) {
      if (this.blocks >= this.slots * LOAD) {
        if (this.slots >= this.largest) return -1;
        this.grow();
        slot = this.find(key);
      }
      this.table[slot - 1] = key;
      this.blocks++;
    }
    this.lastKey = key;
    this.lastSlot = slot;
    return slot;
  }

  /**
   * Where the key's states are, or would be: linear probing, and Fibonacci hashing of each eight neighbours to
   * one place, so that a walk meets a new cache line once in eight blocks.
   */
  private find(key: number): number {
    const { table } = this;
    const mask = table.length - 1;
    let at = ((Math.imul(key >>> 3, 0x9e3779b1) >>> this.shift) << 4) | ((key & 7) << 1);
    for (;;) {
      const there = table[at];
      if (there === key || there === 0) return at + 1;
      at = (at + 2) & mask;
    }
  }

  private grow(): void {
    const { table } = this;
    this.slots *= 2;
    this.table = new Uint32Array(2 * this.slots);
    this.shift--;
    for (let at = 0; at < table.length; at += 2) {
      const key = table[at] ?? 0;
      if (key === 0) continue;
      const slot = this.find(key);
      this.table[slot - 1] = key;
      this.table[slot] = table[at + 1] ?? 0;
    }
  }
}
