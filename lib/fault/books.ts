/**
 * The books: what the tracer counted against what the kernel counted over the same window.
 *
 *   entries = minor + major + failed            (perf software events)
 *   kernel  = minor + major + untraced          (min_flt + maj_flt of /proc/PID/stat)
 *
 * Attaching and reading /proc cannot happen at one instant. Two readings round the attachment and two
 * round the end bound what may have happened in between: the edge. It is 0 for a held COMMAND and
 * for a target that is idle at both ends, and then every figure is exact.
 *
 * Source: mm_account_fault() in mm/memory.c.
 */
export interface KernelCounts {
  minor: number;
  major: number;
}

/** Readings of /proc before and after the moment that counts. */
export interface Bracket {
  before: KernelCounts;
  after: KernelCounts;
}

export interface Books {
  failed: number | null;
  kernelMinor: number | null;
  kernelMajor: number | null;
  untraced: number | null;
  edge: number | null;
  unexplained: number | null;
}

export interface Traced extends KernelCounts {
  entries: number | null;
  /** Faults that may have been under way when counting ended: begun, but not completed. */
  underWay: number;
}

const total = (counts: KernelCounts): number => counts.minor + counts.major;
const width = (bracket: Bracket): number => total(bracket.after) - total(bracket.before);

/**
 * Kernel counts cover the widest window, first reading to last; `untraced` is what exceeds the
 * traced faults beyond the edge for certain, `unexplained` what the tracer counted beyond the
 * kernel. Without a closing reading (the process is gone and nobody saw it go) all of it is null.
 */
export function balance(traced: Traced, start: Bracket, end: Bracket | null): Books {
  const completed = total(traced);
  const begun = traced.entries === null ? null : traced.entries - completed;
  if (end === null) {
    const failed = begun === null ? null : Math.max(0, begun);
    return { failed, kernelMinor: null, kernelMajor: null, untraced: null, edge: null, unexplained: null };
  }
  const kernelMinor = end.after.minor - start.before.minor;
  const kernelMajor = end.after.major - start.before.major;
  const edge = width(start) + width(end);
  const difference = kernelMinor + kernelMajor - completed;
  return {
    failed: begun === null ? null : Math.max(0, begun - (edge > 0 ? traced.underWay : 0)),
    kernelMinor,
    kernelMajor,
    untraced: Math.max(0, difference - edge),
    edge,
    unexplained: Math.max(0, -difference),
  };
}

/** One reading that needs no bracket: nothing could happen round it. */
export const exactly = (counts: KernelCounts): Bracket => ({ before: counts, after: counts });

export const NOTHING: KernelCounts = { minor: 0, major: 0 };
