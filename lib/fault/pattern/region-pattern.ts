import { classify } from "./classify.ts";
import { bookReturn, FIRST, PageSet, UNKNOWN } from "./page-set.ts";
import { Phases } from "./phases.ts";
import { RefaultDistance } from "./refault-distance.ts";
import { ThreadStreams } from "./streams.ts";
import { FILL_DISTANCES, Tally } from "./tally.ts";
import { STREAMS, THRESHOLDS } from "./thresholds.ts";
import type { PatternEvidence, PatternVerdict } from "./verdict.ts";

/** Every so manieth step of a stride has its gaps looked at, until so many have been, then fewer. */
const LOOK_EVERY = 8;
const LOOKS = 32;
const LOOK_SELDOM = 128;
/** Faults since the region last grew at its end, after which a walk does not extend it but comes round. */
const LONG_AGO = 32;

/** Before the first fault. */
const NOBODY = new ThreadStreams();

/**
 * The faults of one region, in order, and the pattern that they make. Constant work per fault and no allocation
 * but for growth; at most 128 MiB for the pages (PageSet), and 1 KiB for each of up to 256 threads.
 */
export class RegionPattern {
  private pages = new PageSet();
  /** The pages of all its mappings, one after another; null as long as there was one. */
  private ever: PageSet | null = null;
  private readonly distances = new RefaultDistance();
  private readonly threads = new Map<number, ThreadStreams>();
  private present = new Tally();
  private readonly phases = new Phases();
  private faults = 0;
  private lowest = Number.POSITIVE_INFINITY;
  private highest = -1;
  /** The fault that last went beyond all others. */
  private widened = 0;
  private exact = true;
  private lastTid = -1;
  private lastThread = NOBODY;

  /**
   * Takes a fault of the region.
   *
   * @param page number of the page from an origin that stays: address / page size, or from the region's first
   *   start on; below 2^36 - 16
   * @param tid thread that faulted
   * @param major whether it was a major fault
   * @param mapped pages that it mapped as far as known: 512 for a huge page of 2 MiB
   */
  fault(page: number, tid: number, major: boolean, mapped = 1): void {
    if (page < this.lowest || page > this.highest) this.widen(page);
    const { present } = this;
    const kind = this.pages.advance(page, major);
    if (kind === FIRST) this.ever?.advance(page, true);
    bookReturn(kind, present);
    if (kind === UNKNOWN) this.exact = false;
    this.distances.fault(page, this.faults, this.pages.distinct, kind !== FIRST);

    if (tid !== this.lastTid) this.switchTo(tid);
    const span = this.highest - this.lowest + 1;
    const strode = this.lastThread.fault(page, mapped, span, present);
    if (strode && kind === FIRST) {
      const every = (present.looked[0] ?? 0) < LOOKS ? LOOK_EVERY : LOOK_SELDOM;
      if (present.steady % every === 0) this.lookAtGaps(page);
    }

    this.faults++;
    if (++present.faults >= this.phases.length) {
      this.phases.add(present);
      this.present = new Tally();
    }
  }

  /** Bytes of what grows with the pages. */
  get bytes(): number {
    return this.pages.bytes + (this.ever?.bytes ?? 0);
  }

  /** Distinct pages, of all its mappings. */
  private get distinct(): number {
    return (this.ever ?? this.pages).distinct;
  }

  /** Another mapping in place of the old one: what faults now was not there, so it is no refault. */
  remapped(): void {
    if (this.pages.distinct === 0) return;
    this.ever ??= this.pages;
    this.pages = new PageSet();
  }

  /** The process forked: the next write to each page copies it, which is no refault. */
  forked(): void {
    this.pages.forked();
  }

  /**
   * What the faults so far show.
   *
   * @param regionPages size of the region in pages
   * @param around the most pages that one fault maps here without saying so: fault_around_bytes (16 pages) for a
   *   mapped file, 512 where huge pages are in use but the recording does not tell which faults took one
   */
  verdict(regionPages: number, around = 1): PatternVerdict {
    const whole = this.phases.whole(this.present);
    const extent = { distinct: this.distinct, pages: regionPages, around };
    const { pattern, order, stride, confidence } = classify(whole, extent);
    return {
      pattern,
      order,
      stride,
      confidence,
      evidence: this.evidence(whole),
      pages: this.distinct,
      refaults: whole.refaults,
      exact: this.exact,
      phases: this.phases.phases(this.present, extent),
    };
  }

  private widen(page: number): void {
    this.lowest = Math.min(this.lowest, page);
    this.highest = Math.max(this.highest, page);
    this.widened = this.faults;
  }

  private switchTo(tid: number): void {
    const key =
      this.threads.size < STREAMS.threads || this.threads.has(tid) ? tid : -(tid % STREAMS.threads) - 1;
    let thread = this.threads.get(key);
    if (!thread) {
      thread = new ThreadStreams();
      this.threads.set(key, thread);
    }
    this.lastTid = tid;
    this.lastThread = thread;
  }

  /**
   * Strides that fill each other's gaps leave them filled behind, and empty ahead. A single walk in strides
   * that has come round before finds them alike at both sides, except near the end, beyond which nothing is.
   */
  private lookAtGaps(page: number): void {
    const { step, run } = this.lastThread;
    const { looked, filled } = this.present;
    const gap = 1 + (this.faults % (Math.abs(step) - 1));
    const beside = page + Math.sign(step) * gap;
    for (let i = 0; i < FILL_DISTANCES.length; i++) {
      const distance = FILL_DISTANCES[i] ?? 0;
      if (run <= distance) break;
      const next = beside + distance * step;
      const beyond = next < this.lowest || next > this.highest;
      if (beyond && this.faults - this.widened > LONG_AGO) continue;
      looked[i] = (looked[i] ?? 0) + 1;
      const behind = this.pages.has(beside - distance * step) ? 1 : 0;
      const ahead = this.pages.has(next) ? 1 : 0;
      filled[i] = (filled[i] ?? 0) + behind - ahead;
    }
  }

  private evidence(whole: Tally): PatternEvidence {
    const { steps, fitting, refaults, upgrades } = whole;
    const span = this.highest - this.lowest + 1;
    return {
      steps,
      fitting: steps > 0 ? fitting / steps : null,
      up: steps > 0 ? whole.up / steps : null,
      streams: this.streams(),
      refaultShare: this.faults > 0 ? refaults / this.faults : 0,
      refaultDistance: refaults > 0 ? this.distances.median : null,
      upgrades,
      touchedShare: span > 0 ? this.distinct / span : 0,
    };
  }

  /** Of the threads that mostly walk, the walks at once: the mean pause of a stream is the number of them. */
  private streams(): number {
    let streams = 0;
    for (const { fitting, pauses, steps } of this.threads.values())
      if (fitting >= THRESHOLDS.fitting * steps && fitting > 0)
        streams += Math.max(1, Math.round(pauses / fitting));
    return streams;
  }
}
