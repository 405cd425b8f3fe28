import { UserError } from "../cli/error.ts";
import type { WssRefusedRecord } from "../metric/wss-record.ts";
import { isStill, type Member } from "./members.ts";
import type { Method, MethodOptions } from "./method.ts";
import { Series, type Window } from "./series.ts";

/** A process that a method cannot look at. */
export interface Refusal {
  member: Member;
  method: Method;
  error: UserError;
}

export const refusedRecord = ({ member, method, error }: Refusal): WssRefusedRecord => ({
  type: "refused",
  time: Date.now() / 1000,
  pid: member.pid,
  comm: member.comm,
  method: method.name,
  reason: error.message,
});

/** All processes of the target under one method. */
export class SeriesSet {
  readonly #method: Method;
  readonly #options: MethodOptions;
  #series = new Map<number, Series>();
  #refused = new Map<number, Member>();

  constructor(method: Method, options: MethodOptions) {
    this.#method = method;
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#series.size === 0;
  }

  /** Begins with those that are new, and leaves those that are gone; what it cannot look at, it says once. */
  async follow(members: readonly Member[]): Promise<Refusal[]> {
    const [known, refused] = [this.#series, this.#refused];
    this.#series = new Map();
    this.#refused = new Map();
    const news: Member[] = [];
    for (const member of members) {
      const series = known.get(member.pid);
      if (series !== undefined && isSame(series.member, member)) {
        series.member.comm = member.comm;
        this.#series.set(member.pid, series);
        known.delete(member.pid);
      } else if (isSame(refused.get(member.pid), member)) this.#refused.set(member.pid, member);
      else news.push(member);
    }
    for (const gone of known.values()) await gone.close();
    const refusals = await Promise.all(news.map((member) => this.#begin(member)));
    return refusals.filter((refusal) => refusal !== null);
  }

  /** A window begins for all. What is gone, or another program now, is followed anew. */
  async mark(): Promise<void> {
    for (const [pid, series] of this.#series) if (!(await series.mark())) await this.#leave(pid, series);
  }

  async read(): Promise<Window[]> {
    const windows: Window[] = [];
    for (const [pid, series] of this.#series) {
      const window = await series.read();
      if (window === null) await this.#leave(pid, series);
      else windows.push(window);
    }
    return windows;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#series.values()].map((series) => series.close()));
    this.#series.clear();
  }

  async #leave(pid: number, series: Series): Promise<void> {
    this.#series.delete(pid);
    await series.close();
  }

  async #begin(member: Member): Promise<Refusal | null> {
    try {
      const series = await Series.begin(member, this.#method, this.#options);
      if (series !== null) this.#series.set(member.pid, series);
      return null;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (!isStill(member)) return null; // gone, whatever it failed at
      this.#refused.set(member.pid, member);
      return { member, method: this.#method, error };
    }
  }
}

const isSame = (one: Member | undefined, other: Member): boolean => one?.startTime === other.startTime;
