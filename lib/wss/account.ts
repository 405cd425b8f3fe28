import type { WssRecord } from "../metric/wss-record.ts";
import { Curves } from "./curve.ts";
import { LimitWatch } from "./limit/watch.ts";
import type { Member } from "./members.ts";
import { pointRecord, regionRecords, sampleRecord, type Window } from "./series.ts";
import { type Closing, Summaries } from "./summary.ts";

/** What the windows come to: records of each reading, and of them all. */
export interface Account {
  /** Those whose window begins. */
  meet(members: readonly Member[]): void;
  take(windows: readonly Window[], planned: number): WssRecord[];
  close(closing: Closing): WssRecord[];
}

/** A sample for each window, with its mappings where they are asked for. */
export function sampleAccount({ regions, limit }: { regions: boolean; limit: boolean }): Account {
  const sums = new Summaries();
  const watch = limit ? new LimitWatch() : null;
  return {
    meet: (members) => {
      for (const member of members) watch?.meet(member);
    },
    take: (windows) =>
      windows.flatMap((window) => {
        const sample = sampleRecord(window);
        sums.add(sample);
        watch?.add(sample);
        return [sample, ...(regions ? regionRecords(window) : [])];
      }),
    close: (closing) => [...(watch?.records(closing.time) ?? []), ...sums.records(closing)],
  };
}

/** A point for each reading of an epoch. */
export function curveAccount(): Account {
  const curves = new Curves();
  const epochs = new Map<string, { mark: Window["mark"]; number: number }>();
  const epochOf = ({ series, mark }: Window): number => {
    const key = `${series.member.pid} ${series.method.name}`;
    const known = epochs.get(key);
    if (known?.mark === mark) return known.number;
    const number = (known?.number ?? 0) + 1;
    epochs.set(key, { mark, number });
    return number;
  };
  return {
    meet: () => undefined,
    take: (windows, planned) =>
      windows.map((window) => {
        const point = pointRecord(window, epochOf(window), planned);
        curves.add(point);
        return point;
      }),
    close: (closing) => curves.records(closing),
  };
}
