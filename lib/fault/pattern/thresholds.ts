/** Every threshold of the pattern verdicts, each with its reason. Shares are of 1. */
export const THRESHOLDS = {
  /** Faults below which nothing is said: eight in ascending order happen by chance once in 8! = 40320. */
  faults: 8,
  /** Steps that fit a stream make a walk. Chance fits stay below 0.2 (see `window`), so noise may be 0.35. */
  fitting: 0.6,
  /** Equal steps among the fitting ones make a stride: fault-around gives equal steps often, never always. */
  steady: 0.9,
  /** The stride's lead over all others together: at 0.4 at least 0.7 of the equal steps are the stride. */
  lead: 0.4,
  /** Steps that a stride needs to be found, and noise at its ends. */
  beginning: 4,
  /** And strays that say nothing, in all steps. */
  strays: 0.05,
  /** Steps in one direction that make one walk; two in turns have a quarter backward. */
  oneWay: 0.9,
  /** Of such a walk's equal steps those that follow its last fault: noise up to a tenth breaks a fifth. */
  straight: 0.75,
  /** Backward steps among those that are not the stride: noise gives a half to a third, irregular steps none. */
  back: 1 / 8,
  /** Steps in one direction make a walk too, however irregular; of faults in random order half go up. */
  monotone: 0.75,
  /** And so many standard deviations above half: those of the ascents of a random permutation, (n + 1) / 12. */
  deviations: 4,
  /** Gaps that other strides fill beside this one make a sequential walk of them together. */
  filled: 0.5,
  /** Gaps looked at below which noise could have filled them. */
  looks: 3,
  /** Refaults in all faults: two passes give 0.5, a working set a little above its limit less. */
  refaults: 0.25,
  /** Touched share of a region below which faults in no order are sparse, in regions of at least so many pages. */
  sparse: 0.01,
  sparseRegion: 1024,
  /** Faults between two looks at the phases: what is shorter is not told apart. */
  phase: 256,
  /** Phases that are kept; beyond, neighbours become one. */
  phases: 64,
} as const;

/** How streams are told apart. Each bound keeps the chance of a fit small for faults in random order. */
export const STREAMS = {
  /** Streams of one thread that are followed at once. */
  most: 8,
  /** One stream per 16 pages between the lowest and the highest fault, but two at least. */
  pagesPerStream: 16,
  /** An irregular step joins a stream within 1/128 of that span: 8 streams on both sides meet 1/8 by chance. */
  windowShare: 1 / 128,
  /** But not beyond the most that fault-around maps at once: 512 pages (a large folio, mm/filemap.c). */
  window: 512,
  /** After so many equal steps a stream takes only multiples of its step, as noise would lead it astray. */
  settled: 3,
  /** And so many steps at most at once: pages between may have been mapped already. */
  skip: 8,
  /** Threads with streams of their own in one region; more share them. */
  threads: 256,
  /** A pause that says nothing on how many streams run at once, in faults of the thread. */
  pause: 64,
} as const;
