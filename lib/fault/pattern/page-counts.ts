import { bookReturn, PageSet, UNKNOWN } from "./page-set.ts";
import type { PatternVerdict } from "./verdict.ts";

/**
 * The faults of one region by page, without their order: what counts alone tell is how many pages there are and
 * how often they came back. The pattern, and all else that rests on the order of pages, is unknown.
 */
export class PageCounts {
  private readonly pages = new PageSet();
  private readonly returns = { refaults: 0, upgrades: 0 };
  private faults = 0;
  private exact = true;
  private lowest = Number.POSITIVE_INFINITY;
  private highest = -1;

  /** Takes `times` faults of a page, all minor or all major. */
  fault(page: number, major: boolean, times: number): void {
    this.faults += times;
    this.lowest = Math.min(this.lowest, page);
    this.highest = Math.max(this.highest, page);
    for (let i = 0; i < times; i++) {
      const kind = this.pages.advance(page, major);
      bookReturn(kind, this.returns);
      if (kind === UNKNOWN) this.exact = false;
    }
  }

  /** The process forked: the next write to each page copies it, which is no refault. */
  forked(): void {
    this.pages.forked();
  }

  verdict(): PatternVerdict {
    const { faults, exact } = this;
    const { refaults, upgrades } = this.returns;
    const { distinct } = this.pages;
    const span = this.highest - this.lowest + 1;
    return {
      ...{ pattern: null, order: null, stride: null, confidence: 0, phases: [] },
      evidence: {
        ...{ steps: null, fitting: null, up: null, streams: null, refaultDistance: null, upgrades },
        refaultShare: faults > 0 ? refaults / faults : 0,
        touchedShare: span > 0 ? distinct / span : 0,
      },
      ...{ pages: distinct, refaults, exact },
    };
  }
}
