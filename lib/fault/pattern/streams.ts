import type { Tally } from "./tally.ts";
import { STREAMS } from "./thresholds.ts";

/** Faults of the thread that are remembered, a power of two. */
const HISTORY = 64;
const HISTORY_MASK = HISTORY - 1;
/** Up to so many faults lie between two of one stream where streams take turns. */
const APART = 8;
/** Equal steps in a row after which a stream is beyond doubt: steps from walk to walk end with the last walk. */
const CERTAIN = 6;
/** Faults in a row that fit nothing, after which fewer look for a step that repeats. */
const ASTRAY = 32;

/**
 * The streams of one thread: up to eight walks at once. A fault goes to the stream that expects it, else to the
 * nearest that it may irregularly continue, else begins a stream. A step of any length that comes twice in a row
 * (c - b = b - a, one to eight faults apart) is a stream as well: so are long strides found.
 *
 * Nothing is allocated per fault.
 */
export class ThreadStreams {
  /** Steps, those that fitted, and the pauses between two of one stream, in faults: their mean is the number of streams. */
  steps = 0;
  fitting = 0;
  pauses = 0;
  /** The stream of the last fault: its step, and how often in a row it had it again. */
  step = 0;
  run = 0;
  previous = -1;
  private faults = 0;
  private repeats = 0;
  private lastFit = 0;
  private count = 0;
  private current = 0;
  private readonly last = new Float64Array(STREAMS.most);
  /** 0 where a stream has one fault so far. */
  private readonly moves = new Float64Array(STREAMS.most);
  private readonly runs = new Int32Array(STREAMS.most);
  private readonly used = new Float64Array(STREAMS.most);
  private readonly history = new Float64Array(HISTORY).fill(Number.NaN);

  /**
   * Takes a fault of the thread. `span` is the number of pages from the region's lowest fault to its highest,
   * `mapped` what this fault mapped. True if it went on by its stream's equal step of more than that.
   */
  fault(page: number, mapped: number, span: number, tally: Tally): boolean {
    const { previous } = this;
    if (page === previous) return false; // a write after a read of the same page
    this.previous = page;
    this.faults++;
    this.history[this.faults & HISTORY_MASK] = page;
    if (previous < 0) {
      this.begin(page, span);
      return false;
    }
    this.steps++;
    tally.steps++;
    if (page > previous) tally.up++;

    const exact = this.expecting(page);
    if (exact >= 0 && (this.length(exact) <= mapped || (this.runs[exact] ?? 0) >= CERTAIN))
      return this.goOn(exact, page, mapped, tally);
    const step = this.repeated(page);
    if (exact >= 0 && !this.outdoes(exact, step)) return this.goOn(exact, page, mapped, tally);
    const length = step === 0 ? Number.POSITIVE_INFINITY : Math.abs(step);
    const near = this.nearest(page, span, mapped);
    if (near >= 0 && Math.abs(page - (this.last[near] ?? 0)) <= length)
      return near === exact ? this.goOn(near, page, mapped, tally) : this.join(near, page, mapped, tally);
    const stream = this.begin(page, span);
    if (step === 0) return false;
    this.moves[stream] = step;
    this.runs[stream] = this.repeats - 2;
    return this.goOn(stream, page, mapped, tally);
  }

  /** Walks in turns also make steps from walk to walk: what lasts longer is true, else what is shorter. */
  private outdoes(stream: number, step: number): boolean {
    if (step === 0 || step === this.moves[stream]) return false;
    const repeats = (this.runs[stream] ?? 0) + 2; // of its step, with this fault
    return this.repeats > repeats || (this.repeats === repeats && Math.abs(step) < this.length(stream));
  }

  private length(stream: number): number {
    return Math.abs(this.moves[stream] ?? 0);
  }

  /** The stream whose next page this is; the last one is asked first. */
  private expecting(page: number): number {
    if (this.expects(this.current, page)) return this.current;
    for (let i = 0; i < this.count; i++) if (this.expects(i, page)) return i;
    return -1;
  }

  private expects(stream: number, page: number): boolean {
    const step = this.moves[stream] ?? 0;
    return step !== 0 && (this.last[stream] ?? 0) + step === page;
  }

  private nearest(page: number, span: number, mapped: number): number {
    const window = Math.min(STREAMS.window, Math.max(mapped, span * STREAMS.windowShare));
    let best = -1;
    let bestDistance = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.count; i++) {
      const move = page - (this.last[i] ?? 0);
      const step = this.moves[i] ?? 0;
      const distance = Math.abs(move);
      if (move === 0 || distance >= bestDistance || (move > 0 ? step < 0 : step > 0)) continue;
      if ((this.runs[i] ?? 0) >= STREAMS.settled) {
        if (distance > STREAMS.skip * Math.abs(step) || move % step !== 0) continue;
      } else if (distance > window) continue;
      best = i;
      bestDistance = distance;
    }
    return best;
  }

  /**
   * The step that led to `page` most often in a row (`repeats`), twice at least, from one to eight faults
   * before each; of those the shortest. 0 if there is none.
   */
  private repeated(page: number): number {
    let best = 0;
    this.repeats = 0;
    // where nothing has fitted for long every fourth fault is enough: what repeats goes on
    if (this.faults - this.lastFit > ASTRAY && (this.faults & 3) !== 0) return 0;
    for (let apart = 1; apart <= APART; apart++) {
      const before = this.back(apart);
      const step = page - before;
      if (step === 0 || before - this.back(2 * apart) !== step) continue;
      let repeats = 2;
      while (repeats < CERTAIN && this.back(repeats * apart) - this.back((repeats + 1) * apart) === step)
        repeats++;
      if (repeats < this.repeats || (repeats === this.repeats && Math.abs(step) >= Math.abs(best))) continue;
      this.repeats = repeats;
      best = step;
    }
    return best;
  }

  /** The fault so many before this one; NaN before the first. */
  private back(faults: number): number {
    return this.history[(this.faults - faults) & HISTORY_MASK] ?? Number.NaN;
  }

  private goOn(stream: number, page: number, mapped: number, tally: Tally): boolean {
    this.runs[stream] = (this.runs[stream] ?? 0) + 1;
    if (this.length(stream) > mapped) this.merge(stream, page);
    return this.fits(stream, page, mapped, tally);
  }

  /** Streams of one step that lie evenly between its two ends are one of a shorter step. */
  private merge(stream: number, page: number): void {
    const step = this.moves[stream] ?? 0;
    let shorter = step;
    for (let i = 0; i < this.count; i++) {
      const between = page - (this.last[i] ?? 0);
      if (this.moves[i] === step && between / step > 0 && between / step < 1 && step % between === 0)
        shorter = Math.abs(between) < Math.abs(shorter) ? between : shorter;
    }
    if (shorter === step) return;
    for (let i = 0; i < this.count; i++) {
      const between = page - (this.last[i] ?? 0);
      if (i !== stream && this.moves[i] === step && Math.abs(between / step) < 1 && between % shorter === 0)
        this.forget(i);
    }
    this.moves[stream] = shorter;
  }

  private forget(stream: number): void {
    this.last[stream] = Number.NEGATIVE_INFINITY;
    this.moves[stream] = 0;
    this.runs[stream] = 0;
    this.used[stream] = 0;
  }

  private join(stream: number, page: number, mapped: number, tally: Tally): boolean {
    // a settled stream has skipped pages: its step stays
    if ((this.runs[stream] ?? 0) >= STREAMS.settled) return this.fits(stream, page, mapped, tally);
    const step = page - (this.last[stream] ?? 0);
    this.runs[stream] = 0;
    this.moves[stream] = step;
    return this.fits(stream, page, mapped, tally);
  }

  private fits(stream: number, page: number, mapped: number, tally: Tally): boolean {
    const step = this.moves[stream] ?? 0;
    const run = this.runs[stream] ?? 0;
    const before = this.back(1);
    this.fitting++;
    this.pauses += Math.min(STREAMS.pause, this.faults - (this.used[stream] ?? 0));
    this.last[stream] = page;
    this.used[stream] = this.faults;
    this.lastFit = this.faults;
    this.current = stream;
    this.step = step;
    this.run = run;
    if (step > 0) tally.fittingUp++;
    if (Math.abs(step) <= mapped) tally.unit++;
    else if (run === 0) tally.loose++;
    else {
      tally.steady++;
      if (page - before === step) tally.straight++;
      tally.vote(step);
      return true;
    }
    return false;
  }

  /** A stream of one fault, in the place of the one that has rested longest where there are enough. */
  private begin(page: number, span: number): number {
    const most = Math.min(STREAMS.most, Math.max(2, Math.floor(span / STREAMS.pagesPerStream)));
    let stream = 0;
    if (this.count < most) stream = this.count++;
    else for (let i = 1; i < this.count; i++) if ((this.used[i] ?? 0) < (this.used[stream] ?? 0)) stream = i;
    this.last[stream] = page;
    this.moves[stream] = 0;
    this.runs[stream] = 0;
    this.used[stream] = this.faults;
    this.current = stream;
    return stream;
  }
}
