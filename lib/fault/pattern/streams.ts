import type { Tally } from "./tally.ts";
import { STREAMS } from "./thresholds.ts";

/** Faults looked back at for a step that repeats: 1 to 8 streams taking turns. */
const HISTORY = 16;
const HISTORY_MASK = HISTORY - 1;

/**
 * The streams of one thread: up to eight walks at once. A fault goes to the stream that expects it, else to the
 * nearest that it may irregularly continue, else begins a stream. A step of any length that comes twice in a row
 * (c - b = b - a, one to eight faults apart) is a stream as well: so are long strides found.
 *
 * Nothing is allocated per fault.
 */
export class ThreadStreams {
  /** Steps that fitted, and the pauses between two of one stream, in faults: their mean is the number of streams. */
  fitting = 0;
  pauses = 0;
  /** The stream of the last fault: its step, and how often in a row it had it. */
  step = 0;
  run = 0;
  previous = -1;
  private faults = 0;
  private count = 0;
  private current = 0;
  private readonly last = new Float64Array(STREAMS.most);
  /** 0 where a stream has one fault so far. */
  private readonly steps = new Float64Array(STREAMS.most);
  private readonly runs = new Int32Array(STREAMS.most);
  private readonly used = new Float64Array(STREAMS.most);
  private readonly history = new Float64Array(HISTORY).fill(-1);

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
    tally.steps++;
    if (page > previous) tally.up++;

    const exact = this.expecting(page);
    if (exact >= 0) return this.goOn(exact, page, mapped, tally);
    const near = this.nearest(page, span, mapped);
    if (near >= 0) {
      this.join(near, page, mapped, tally);
      return false;
    }
    const stream = this.begin(page, span);
    const step = this.repeated(page);
    if (step === 0) return false;
    this.steps[stream] = step;
    return this.goOn(stream, page, mapped, tally);
  }

  /** The stream whose next page this is; the last one is asked first. */
  private expecting(page: number): number {
    if (this.expects(this.current, page)) return this.current;
    for (let i = 0; i < this.count; i++) if (this.expects(i, page)) return i;
    return -1;
  }

  private expects(stream: number, page: number): boolean {
    const step = this.steps[stream] ?? 0;
    return step !== 0 && (this.last[stream] ?? 0) + step === page;
  }

  private nearest(page: number, span: number, mapped: number): number {
    const window = Math.min(STREAMS.window, Math.max(mapped, span * STREAMS.windowShare));
    let best = -1;
    let bestDistance = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.count; i++) {
      const move = page - (this.last[i] ?? 0);
      const step = this.steps[i] ?? 0;
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

  /** The step that brought the thread to `page` twice in a row, one to eight faults apart; 0 if there is none. */
  private repeated(page: number): number {
    for (let apart = 1; apart <= HISTORY / 2; apart++) {
      const before = this.history[(this.faults - apart) & HISTORY_MASK] ?? -1;
      const first = this.history[(this.faults - 2 * apart) & HISTORY_MASK] ?? -1;
      if (first >= 0 && this.faults > 2 * apart && page - before === before - first) return page - before;
    }
    return 0;
  }

  private goOn(stream: number, page: number, mapped: number, tally: Tally): boolean {
    const step = this.steps[stream] ?? 0;
    this.runs[stream] = (this.runs[stream] ?? 0) + 1;
    this.fits(stream, page, step > 0, tally);
    if (Math.abs(step) <= mapped) {
      tally.unit++;
      return false;
    }
    tally.steady++;
    tally.vote(step);
    return true;
  }

  private join(stream: number, page: number, mapped: number, tally: Tally): void {
    const move = page - (this.last[stream] ?? 0);
    this.fits(stream, page, move > 0, tally);
    if (Math.abs(move) <= mapped) tally.unit++;
    else tally.loose++;
    if ((this.runs[stream] ?? 0) >= STREAMS.settled) return; // it skipped pages: its step stays
    this.steps[stream] = move;
    this.runs[stream] = 0;
  }

  private fits(stream: number, page: number, up: boolean, tally: Tally): void {
    if (up) tally.fittingUp++;
    this.fitting++;
    this.pauses += Math.min(STREAMS.pause, this.faults - (this.used[stream] ?? 0));
    this.last[stream] = page;
    this.used[stream] = this.faults;
    this.current = stream;
    this.step = this.steps[stream] ?? 0;
    this.run = this.runs[stream] ?? 0;
  }

  /** A stream of one fault, in the place of the one that has rested longest where there are enough. */
  private begin(page: number, span: number): number {
    const most = Math.min(STREAMS.most, Math.max(2, Math.floor(span / STREAMS.pagesPerStream)));
    let stream = 0;
    if (this.count < most) stream = this.count++;
    else for (let i = 1; i < this.count; i++) if ((this.used[i] ?? 0) < (this.used[stream] ?? 0)) stream = i;
    this.last[stream] = page;
    this.steps[stream] = 0;
    this.runs[stream] = 0;
    this.used[stream] = this.faults;
    this.current = stream;
    return stream;
  }
}
