import type { Tally } from "./tally.ts";
import { THRESHOLDS } from "./thresholds.ts";
import type { Order, Pattern } from "./verdict.ts";

/** What else is known of the region. */
export interface Extent {
  /** Pages that faulted. */
  distinct: number;
  /** Pages of the region. */
  pages: number;
  /** The most pages that one of its faults maps without saying so; powers of two up to it are contiguous. */
  around: number;
}

export interface Classified {
  pattern: Pattern | null;
  order: Order | null;
  stride: number | null;
  confidence: number;
}

interface Walk {
  order: Order;
  stride: number | null;
  /** 0 to 1, regardless of how many faults there were. */
  clarity: number;
}

/** Of these counts the pattern: thrashing outranks the walk beneath it, which stays in `order`. */
export function classify(tally: Tally, extent: Extent): Classified {
  if (tally.faults < THRESHOLDS.faults || tally.steps < THRESHOLDS.faults - 1)
    return { pattern: null, order: null, stride: null, confidence: 0 };
  const { order, stride, clarity } = walkOf(tally, extent);
  const refaultShare = tally.refaults / tally.faults;
  const thrashing = refaultShare >= THRESHOLDS.refaults;
  const sure = thrashing ? rise(refaultShare, THRESHOLDS.refaults / 2, 0.5) : clarity;
  const enough = tally.faults / (tally.faults + THRESHOLDS.faults);
  return { pattern: thrashing ? "thrashing" : order, order, stride, confidence: sure * enough };
}

function walkOf(tally: Tally, extent: Extent): Walk {
  const { steps, fitting } = tally;
  if (fitting >= THRESHOLDS.fitting * steps) {
    const clarity = rise(fitting / steps, THRESHOLDS.fitting / 2, 1);
    if (isStrided(tally, extent)) return { order: "strided", stride: tally.stride, clarity };
    return { ...direction(tally.fittingUp / fitting), stride: null, clarity };
  }
  if (isMonotone(tally)) {
    const { order, share } = direction(tally.up / steps);
    return { order, stride: null, clarity: rise(share, 0.5, 1) };
  }
  const clarity = 1 - rise(fitting / steps, THRESHOLDS.fitting / 2, THRESHOLDS.fitting * 1.5);
  const { distinct, pages } = extent;
  const sparse = pages >= THRESHOLDS.sparseRegion && distinct < THRESHOLDS.sparse * pages;
  return { order: sparse ? "sparse" : "random", stride: null, clarity };
}

function direction(up: number): { order: Order; share: number } {
  return up >= 0.5 ? { order: "sequential", share: up } : { order: "reverse", share: 1 - up };
}

/** Half of the steps of faults in random order go up. */
function isMonotone({ up, steps }: Tally): boolean {
  const excess = Math.abs(up - steps / 2);
  return (
    excess >= (THRESHOLDS.monotone - 0.5) * steps &&
    excess >= THRESHOLDS.deviations * Math.sqrt((steps + 2) / 12)
  );
}

/** The step is truly constant, none that faults make of a walk without gaps, and no other strides fill the gaps. */
function isStrided(tally: Tally, { around }: Extent): boolean {
  const { steady, fitting, stride } = tally;
  if (steady < THRESHOLDS.steady * fitting || tally.lead < THRESHOLDS.lead * steady) return false;
  return !isMappedAround(Math.abs(stride), around) && !isIrregular(tally) && !isFilled(tally);
}

/** Fault-around and large folios are a power of two (do_fault_around(), finish_fault() in mm/memory.c). */
const isMappedAround = (step: number, around: number): boolean => step <= around && (step & (step - 1)) === 0;

/**
 * All one way, but not in equal steps. A fault of noise costs a step there and one back, in opposite directions;
 * and strides that take turns go back and forth, but the hops of one walk, though they come again, do not.
 */
function isIrregular({ steps, steady, straight, up }: Tally): boolean {
  const back = Math.min(up, steps - up);
  if (back <= (1 - THRESHOLDS.oneWay) * steps && straight < THRESHOLDS.straight * steady) return true;
  const other = steps - steady - THRESHOLDS.beginning - THRESHOLDS.strays * steps;
  return other > 0 && back < THRESHOLDS.back * other;
}

function isFilled({ looked, filled }: Tally): boolean {
  for (let i = 0; i < looked.length; i++) {
    const tried = looked[i] ?? 0;
    if (tried >= THRESHOLDS.looks && (filled[i] ?? 0) >= THRESHOLDS.filled * tried) return true;
  }
  return false;
}

/** 0 below `from`, 1 above `to`, a straight line between. */
function rise(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}
