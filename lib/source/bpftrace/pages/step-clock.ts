/**
 * The times of steps. They are told to begin and end a little early or late: here a step that nothing delayed
 * has its middle at an even distance from all others, so that each falls into a bin of its own.
 */
export class StepClock {
  readonly #baseNs: number;
  readonly #stepNs: number;
  /** The first turn, which all others are measured from. */
  #first: number | null = null;
  /** When the last step that is known of ended. */
  #last: number;

  /** @param baseNs when the recording began; as all moments here, ns of CLOCK_MONOTONIC */
  constructor(baseNs: number, stepNs: number) {
    this.#baseNs = baseNs;
    this.#stepNs = stepNs;
    this.#last = baseNs;
  }

  /**
   * The middle of a step, ns since the recording began.
   *
   * @param from 0: since it began
   * @param to null: until now
   */
  middle(from: number, to: number | null, now: number): number {
    const begin = Math.max(from, this.#baseNs);
    const end = Math.max(to ?? now, begin);
    this.#first ??= end;
    this.#last = Math.max(this.#last, end);
    const steps = Math.round(((begin + end) / 2 - this.#first) / this.#stepNs - 0.5) + 0.5;
    return Math.max(0, this.#first + steps * this.#stepNs - this.#baseNs);
  }

  /** The end of the last step, as it was told. */
  get last(): number {
    return this.#last;
  }
}
