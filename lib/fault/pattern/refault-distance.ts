/** Pages whose last fault is remembered at once, at first and at most. */
const SMALLEST = 16;
const LARGEST = 4096;

/**
 * How many faults lie between two of the same page, from a sample of the pages: all of them while they are few,
 * then those whose hash falls into a share that halves as they grow, so that near and far pages are met alike
 * (Waldspurger et al., SHARDS, FAST 2015).
 */
export class RefaultDistance {
  private pages = new Float64Array(SMALLEST).fill(-1);
  private times = new Float64Array(SMALLEST);
  /** Distances by power of two. */
  private readonly powers = new Float64Array(54);
  private total = 0;
  private mask = 0;

  /** `now` counts the region's faults; `distinct` its pages so far; `again`: the page has faulted before. */
  fault(page: number, now: number, distinct: number, again: boolean): void {
    const hash = hashOf(page);
    if ((hash & this.mask) !== 0) return;
    if (distinct > this.pages.length * (this.mask + 1)) this.makeRoom();
    const slot = (hash >>> 16) & (this.pages.length - 1);
    if (again && this.pages[slot] === page) this.count(now - (this.times[slot] ?? 0));
    this.pages[slot] = page;
    this.times[slot] = now;
  }

  private makeRoom(): void {
    if (this.pages.length === LARGEST) {
      this.mask = this.mask * 2 + 1;
      return;
    }
    const { pages, times } = this;
    this.pages = new Float64Array(pages.length * 4).fill(-1);
    this.times = new Float64Array(pages.length * 4);
    pages.forEach((page, i) => {
      if (page < 0) return;
      const slot = (hashOf(page) >>> 16) & (this.pages.length - 1);
      this.pages[slot] = page;
      this.times[slot] = times[i] ?? 0;
    });
  }

  private count(distance: number): void {
    const power = Math.floor(Math.log2(Math.max(1, distance)));
    this.powers[power] = (this.powers[power] ?? 0) + 1;
    this.total++;
  }

  /** The median, within a factor of the square root of two; null where no page was met twice. */
  get median(): number | null {
    let seen = 0;
    for (let power = 0; power < this.powers.length; power++) {
      seen += this.powers[power] ?? 0;
      if (seen > 0 && seen * 2 >= this.total) return Math.round(2 ** (power + 0.5));
    }
    return null;
  }
}

function hashOf(page: number): number {
  const mixed = Math.imul(page | 0, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35) >>> 0;
}
