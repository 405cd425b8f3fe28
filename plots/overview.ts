/** All others than the busiest processes, as one series: few lines can be told apart in one chart. */

import type { SampleRecord } from "../lib/metric/record.ts";
import { type Series, seriesOf } from "./columns.ts";

/** As many lines as there are colours and dashes that anyone can tell apart. */
export const BUSIEST = 8;

/** Of an interval's length: samples that end within it belong to one tick of the tracer. */
const TICK = 0.25;

function keyOf({ pid, tid }: { pid: number; tid?: number | null | undefined }): string {
  return `${pid}/${tid ?? ""}`;
}

/** One sample a tick that adds up the samples of all processes in it. */
function addUp(samples: readonly SampleRecord[]): SampleRecord[] {
  const ticks: SampleRecord[] = [];
  let members = new Set<string>();
  for (const sample of samples.toSorted((a, b) => a.time - b.time)) {
    const tick = ticks.at(-1);
    const same = tick && sample.time - tick.time <= TICK * sample.seconds && !members.has(keyOf(sample));
    if (same) {
      tick.minor += sample.minor;
      tick.major += sample.major;
      tick.minorPerSecond += sample.minorPerSecond;
      tick.majorPerSecond += sample.majorPerSecond;
      members.add(keyOf(sample));
    } else {
      const { time, seconds, minor, major, minorPerSecond, majorPerSecond } = sample;
      ticks.push({
        type: "sample",
        ...{ time, seconds, pid: 0, comm: "", minor, major, minorPerSecond, majorPerSecond, rss: null },
      });
      members = new Set([keyOf(sample)]);
    }
  }
  return ticks;
}

/** The sum of all samples whose process or thread is not among the busiest; null if there is none. */
export function othersOf(
  samples: readonly SampleRecord[],
  series: readonly Series[],
  origin: number,
): Series | null {
  const others = series.slice(BUSIEST);
  if (others.length === 0) return null;
  const keys = new Set(others.map(keyOf));
  const [sum] = seriesOf(addUp(samples.filter((sample) => keys.has(keyOf(sample)))), origin);
  return sum === undefined ? null : { ...sum, name: `all ${others.length} others` };
}
