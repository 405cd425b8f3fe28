import { watchEnds } from "../fault/stat/watch.ts";
import { type EndedBy, SCHEMA } from "../metric/record.ts";
import type { WssRecord, WssStartRecord } from "../metric/wss-record.ts";
import type { Scope } from "../source/source.ts";
import type { Target } from "../target/target.ts";
import { VERSION } from "../version.ts";
import { type Account, curveAccount, sampleAccount } from "./account.ts";
import { isLate } from "./curve.ts";
import { membersOf } from "./members.ts";
import type { Method, MethodChoice, MethodOptions } from "./method.ts";
import { chooseMethods } from "./methods.ts";
import { checkBudget, predict } from "./predict.ts";
import { type Refusal, refusedRecord, SeriesSet } from "./series-set.ts";

export interface WssOptions extends MethodOptions {
  target: Target;
  method: MethodChoice;
  /** Seconds from one window's beginning to the next one's. */
  interval: number;
  /** For a curve instead: readings after each marking, seconds, ascending. */
  windows: readonly number[] | null;
  /** Windows, or epochs of a curve, after which the measurement ends. */
  count: number | null;
  duration: number | null;
  /** The mappings of each window too. */
  regions: boolean;
  /** Whether it fits into the memory that it may use. */
  limit: boolean;
  /** However long marking takes. */
  force: boolean;
  signal: AbortSignal;
}

/**
 * Measures window after window until it is told to end, and yields the records of each moment together.
 * Several methods take turns, a window each, and never overlap.
 *
 * @throws UserError when no method works, or the target may not be looked at
 */
export async function* measureWss(options: WssOptions): AsyncGenerator<WssRecord[]> {
  const { target, interval } = options;
  const { methods, why } = await chooseMethods(options.method);
  const prediction = predict(membersOf(target), methods);
  checkBudget(prediction, options.force);
  const ending = new Ending();
  const watch = watchEnds(options, (by) => ending.by(by));
  const sets = new Map(methods.map((method) => [method, new SeriesSet(method, options)]));
  const account = options.windows === null ? sampleAccount(options) : curveAccount();
  try {
    await target.command?.go();
    if (target.command !== null) void target.command.ended.finally(() => ending.by("exit"));
    const refusals = await beginWith(target, [...sets.values()]);
    const start = startRecord(options, methods, why, prediction?.stallSeconds ?? null);
    yield [start, ...refusals.map(refusedRecord)];
    for (let taken = 0; ending.endedBy === null; taken++) {
      const set = sets.get(methods[taken % methods.length] as Method) as SeriesSet;
      const members = membersOf(target);
      account.meet(members);
      const refused = await set.follow(members);
      if (refused.length > 0) yield refused.map(refusedRecord);
      const begin = performance.now();
      await set.mark();
      const marked = (begin + performance.now()) / 2;
      if (options.windows === null) {
        await ending.orAt(begin + interval * 1000);
        const moment = account.take(await set.read(), interval);
        if (moment.length > 0) yield moment;
      } else yield* epoch({ windows: options.windows, set, marked }, account, ending);
      if (taken + 1 === options.count) ending.by("count");
    }
    const status = target.command === null ? null : await Promise.race([target.command.ended, null]);
    yield account.close({
      endedBy: ending.endedBy ?? "exit",
      exitStatus: (pid) => (pid === target.command?.pid ? status : null),
      time: Date.now() / 1000,
    });
  } finally {
    watch.close();
    for (const set of sets.values()) await set.close();
  }
}

/**
 * Each method begins with each process that is there.
 *
 * @throws UserError when nothing is left that could be measured: the first refusal
 */
async function beginWith(target: Target, sets: readonly SeriesSet[]): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  for (const set of sets) refusals.push(...(await set.follow(membersOf(target))));
  if (refusals[0] !== undefined && sets.every((set) => set.isEmpty)) throw refusals[0].error;
  return refusals;
}

interface Epoch {
  windows: readonly number[];
  set: SeriesSet;
  /** The middle of the marking. */
  marked: number;
}

/**
 * Readings after one marking, begun early by half of what the last one took: a window ends in their middle. One
 * that would come late is left out, and one that the end cuts short.
 */
async function* epoch(
  { windows, set, marked }: Epoch,
  account: Account,
  ending: Ending,
): AsyncGenerator<WssRecord[]> {
  let half = 0;
  for (const window of windows) {
    if (isLate((performance.now() + half - marked) / 1000, window)) continue;
    await ending.orAt(marked + window * 1000 - half);
    if (ending.endedBy !== null) return;
    const begin = performance.now();
    const read = await set.read();
    half = (performance.now() - begin) / 2;
    const moment = account.take(read, window);
    if (moment.length > 0) yield moment;
  }
}

/** Why the measurement ends: what comes first counts. */
class Ending {
  endedBy: EndedBy | null = null;
  #wake: () => void = () => undefined;

  by(endedBy: EndedBy): void {
    this.endedBy ??= endedBy;
    this.#wake();
  }

  /** Resolves at the deadline, or when the measurement ends. */
  async orAt(deadline: number): Promise<void> {
    if (this.endedBy !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, deadline - performance.now()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const mayGrow = (scope: Scope): boolean => scope.kind !== "pids" || scope.follow;

const startRecord = (
  options: WssOptions,
  methods: readonly Method[],
  why: string,
  predictedStall: number | null,
): WssStartRecord => ({
  type: "start",
  schema: SCHEMA,
  tool: "wss",
  version: VERSION,
  time: Date.now() / 1000,
  target: options.target.description,
  pids: options.target.pids,
  follow: mayGrow(options.target.scope),
  methods: methods.map(({ name }) => name),
  why,
  interval: options.interval,
  windows: options.windows === null ? null : [...options.windows],
  predictedStall,
  degraded: [
    ...options.target.degraded,
    ...methods.flatMap((method) => method.degraded(options, membersOf(options.target))),
  ],
});
