/** How far behind and ahead of a stride its gaps are looked at, in steps. */
export const FILL_DISTANCES = [4, 16, 64, 128, 256] as const;

/** What verdicts are made of: counts that add up, so that a whole is the sum of its phases. */
export class Tally {
  faults = 0;
  /** Refaults, of which some may have been booked as upgrades first. */
  refaults = 0;
  upgrades = 0;
  /** From one fault of a thread to its next on another page. */
  steps = 0;
  up = 0;
  /** Steps that fit a stream: onto the next page, by the stream's own equal step, or otherwise close by. */
  unit = 0;
  steady = 0;
  loose = 0;
  /** Steady steps that led on from the thread's last fault, with no other stream between. */
  straight = 0;
  /** Of those that fit, the upward ones. */
  fittingUp = 0;
  /** The step that most of the steady ones had, found by majority vote (Boyer and Moore 1981). */
  stride = 0;
  /** Votes for the stride, less those against it. */
  lead = 0;
  /** Gaps looked at by distance, and those that were filled behind but not ahead, less the converse. */
  readonly looked = FILL_DISTANCES.map(() => 0);
  readonly filled = FILL_DISTANCES.map(() => 0);

  get fitting(): number {
    return this.unit + this.steady + this.loose;
  }

  vote(step: number): void {
    if (step === this.stride) this.lead++;
    else if (this.lead > 0) this.lead--;
    else {
      this.stride = step;
      this.lead = 1;
    }
  }

  /** Takes in the counts of another. Of two strides the one with more votes stays. */
  add(other: Tally): this {
    this.faults += other.faults;
    this.refaults += other.refaults;
    this.upgrades += other.upgrades;
    this.steps += other.steps;
    this.up += other.up;
    this.unit += other.unit;
    this.steady += other.steady;
    this.loose += other.loose;
    this.straight += other.straight;
    this.fittingUp += other.fittingUp;
    const rest = this.stride === other.stride ? this.lead + other.lead : this.lead - other.lead;
    if (rest < 0) this.stride = other.stride;
    this.lead = Math.abs(rest);
    for (let i = 0; i < this.looked.length; i++) {
      this.looked[i] = (this.looked[i] ?? 0) + (other.looked[i] ?? 0);
      this.filled[i] = (this.filled[i] ?? 0) + (other.filled[i] ?? 0);
    }
    return this;
  }
}
