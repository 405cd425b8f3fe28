import { faultsOf, type Traced } from "./traced.ts";

/** Processes that have ended and are told of one by one. */
export const DEPARTED_MOST = 1000;
/** So many more may gather before the least are looked for. */
const SLACK = 250;

/** Processes that are told of only together. */
export interface Others {
  processes: number;
  minor: number;
  major: number;
}

/** The processes that have ended: the busiest are kept, the rest is summed up, so that memory is bounded. */
export class Departed {
  readonly others: Others = { processes: 0, minor: 0, major: 0 };
  readonly #asked: ReadonlySet<number>;
  #kept: Traced[] = [];

  /** @param asked processes that are kept in any case */
  constructor(asked: readonly number[]) {
    this.#asked = new Set(asked);
  }

  get kept(): readonly Traced[] {
    return this.#kept;
  }

  add(traced: Traced): void {
    this.#kept.push(traced);
    if (this.#kept.length < DEPARTED_MOST + SLACK) return;
    const rank = (each: Traced): number =>
      this.#asked.has(each.pid) ? Number.POSITIVE_INFINITY : faultsOf(each);
    const dropped = this.#kept.toSorted((a, b) => rank(b) - rank(a)).slice(DEPARTED_MOST);
    for (const { minor, major } of dropped) {
      this.others.processes++;
      this.others.minor += minor;
      this.others.major += major;
    }
    const gone = new Set(dropped);
    this.#kept = this.#kept.filter((each) => !gone.has(each));
  }
}
