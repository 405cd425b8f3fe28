/** How the faults of a region walk through it, beneath any thrashing; null where too few tell nothing. */
export type Order = "sequential" | "reverse" | "strided" | "random" | "sparse";
export type Pattern = "thrashing" | Order;

/** What a verdict rests on. */
export interface PatternEvidence {
  /** From one fault of a thread to its next on another page; null where their order is not known. */
  steps: number | null;
  /** Share of the steps that go on with a walk; null without steps. */
  fitting: number | null;
  /** Share of the steps that go up. */
  up: number | null;
  /** Walks at once: within each thread that walks in steps which fit, and of all of them; null like steps. */
  streams: number | null;
  /** Refaults in all faults. */
  refaultShare: number;
  /** Median number of the region's faults from one fault of a page to its next; null without refaults. */
  refaultDistance: number | null;
  /** Second faults that count as the first write after a read, or as a copy after fork. */
  upgrades: number;
  /** Faulted pages in all between the lowest and the highest. */
  touchedShare: number;
}

/** A stretch of a region's faults in one pattern. */
export interface PatternPhase {
  /** Numbers of the region's faults, from 0; `to` is the first that is not in it. */
  from: number;
  to: number;
  pattern: Pattern | null;
  order: Order | null;
  stride: number | null;
}

export interface PatternVerdict {
  pattern: Pattern | null;
  order: Order | null;
  /** The step of a strided walk in pages, negative downward; else null. */
  stride: number | null;
  /** 0 to 1: how clearly the evidence speaks, and how much there is of it. */
  confidence: number;
  evidence: PatternEvidence;
  /** Pages that faulted; a lower bound where `exact` is false (see PageSet). */
  pages: number;
  refaults: number;
  exact: boolean;
  phases: PatternPhase[];
}
