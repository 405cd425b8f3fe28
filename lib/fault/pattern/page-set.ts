/** What a fault was to its page. A value of `advance`. */
export const FIRST = 0;
export const UPGRADE = 1;
export const REFAULT = 2;
/** A refault which shows that the page's upgrade was one as well. */
export const REFAULT_TWICE = 3;
/** The set is full and does not have the page. */
export const UNKNOWN = 4;

/** Pages of a block: two bits of state each fill 32 bits. */
const LANES = 16;
const SMALLEST = 64;
const LOAD = 0.7;
/** 2^24 blocks of 8 bytes are 128 MiB: 11 million pages that lie alone, or 180 million side by side. */
const LARGEST = 2 ** 24;
/** Every page of a block that has upgraded (bits 10) may do so again (bits 01); 11 stays. */
const LOW = 0x55555555;

/**
 * The pages that have faulted: a hash table of 16-page blocks in two flat arrays, two bits a page.
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
  /** Block + 1; 0 is a free slot. */
  private keys = new Uint32Array(SMALLEST);
  private states = new Uint32Array(SMALLEST);
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
    return this.keys.byteLength + this.states.byteLength;
  }

  /** Takes a fault on the page and says what it was. */
  advance(page: number, major: boolean): number {
    this.visits++;
    if (this.forkPending && this.visits > this.blocks) this.allowUpgrades();
    const slot = this.slotFor(page);
    if (slot < 0) return UNKNOWN;
    const bit = (page & (LANES - 1)) << 1;
    const states = this.states[slot] ?? 0;
    const state = (states >>> bit) & 3;
    if (state === 0) {
      this.states[slot] = states | (1 << bit);
      this.distinct++;
      return FIRST;
    }
    if (state === 1 && !major) {
      this.states[slot] = states ^ (3 << bit);
      return UPGRADE;
    }
    this.states[slot] = states | (3 << bit);
    return state === 2 ? REFAULT_TWICE : REFAULT;
  }

  has(page: number): boolean {
    if (page < 0) return false;
    const slot = this.find((page / LANES + 1) >>> 0);
    return (((this.states[slot] ?? 0) >>> ((page & (LANES - 1)) << 1)) & 3) !== 0;
  }

  /** The process forked: each page may be copied on its next write, which is an upgrade. */
  forked(): void {
    this.forkPending = true;
  }

  /** Once a fork, but at most once in as many faults as there are blocks: the cost is constant per fault. */
  private allowUpgrades(): void {
    for (let slot = 0; slot < this.states.length; slot++) {
      const states = this.states[slot] ?? 0;
      const upgraded = (states >>> 1) & ~states & LOW;
      this.states[slot] = states ^ (upgraded * 3);
    }
    this.forkPending = false;
    this.visits = 0;
  }

  /** The block's slot, made where it is missing; -1 if the set is full. */
  private slotFor(page: number): number {
    const key = (page / LANES + 1) >>> 0;
    if (key === this.lastKey) return this.lastSlot;
    let slot = this.find(key);
    if (this.keys[slot] === 0) {
      if (this.blocks >= this.keys.length * LOAD) {
        if (this.keys.length >= this.largest) return -1;
        this.grow();
        slot = this.find(key);
      }
      this.keys[slot] = key;
      this.blocks++;
    }
    this.lastKey = key;
    this.lastSlot = slot;
    return slot;
  }

  /**
   * The key's slot, or the free one where it belongs: linear probing, and Fibonacci hashing of each eight
   * neighbours to one place, so that a walk meets a new cache line once in eight blocks.
   */
  private find(key: number): number {
    const { keys } = this;
    const mask = keys.length - 1;
    let slot = ((Math.imul(key >>> 3, 0x9e3779b1) >>> this.shift) << 3) | (key & 7);
    for (;;) {
      const there = keys[slot];
      if (there === key || there === 0) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private grow(): void {
    const { keys, states } = this;
    this.keys = new Uint32Array(keys.length * 2);
    this.states = new Uint32Array(keys.length * 2);
    this.shift--;
    for (let old = 0; old < keys.length; old++) {
      const key = keys[old] ?? 0;
      if (key === 0) continue;
      const slot = this.find(key);
      this.keys[slot] = key;
      this.states[slot] = states[old] ?? 0;
    }
  }
}
