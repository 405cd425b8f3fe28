import type { StandardOutput } from "../../cli/output.ts";
import { hasColor } from "../../term/color.ts";
import { Screen } from "../../term/screen.ts";
import { printable } from "../../term/table.ts";
import { formatDigits, formatRate } from "../../term/units.ts";
import type { Collector } from "./collector.ts";
import { timeOf } from "./cost-text.ts";
import { heatLines } from "./heat-lines.ts";
import { toldOf, toldProcesses } from "./records.ts";
import { regionLines } from "./region-table.ts";
import { faultsOf } from "./traced.ts";
import type { MapOutputOptions } from "./views.ts";

/** Shows a recording while it grows. */
export interface LiveView {
  /** @param seconds since the beginning */
  show(collector: Collector, seconds: number): void;
  /** Takes it away: the report follows. */
  end(): void;
}

/** The width that tables have at most. */
const WIDTH = 80;
/** Below this there is no room for a table and a picture. */
const LEAST_ROWS = 10;
/** Lines round the regions and the picture: two of totals, a header, an axis, and the cursor's. */
const FRAME = 5;

/** For a terminal that has room; null elsewhere, and where records are printed. */
export function liveView({ json, color }: MapOutputOptions, out: StandardOutput): LiveView | null {
  const fits = (): boolean => (out.columns ?? 0) >= WIDTH && (out.rows ?? 0) >= LEAST_ROWS;
  if (json || !fits()) return null;
  const screen = new Screen((text) => out.write(text));
  const before: Moment = { faults: 0, major: 0, seconds: 0 };
  return {
    show: (collector, seconds) => {
      if (!fits()) return;
      const style = { rows: out.rows ?? 0, color: hasColor(color, { isTTY: true, env: process.env }) };
      screen.draw(liveLines(collector, seconds, before, style));
    },
    end: () => screen.clear(),
  };
}

interface Moment {
  faults: number;
  major: number;
  seconds: number;
}

/** The busiest process: its rates since the last time, its regions, its heat map. */
function liveLines(
  collector: Collector,
  seconds: number,
  before: Moment,
  { rows, color }: { rows: number; color: boolean },
): string[] {
  const processes = toldProcesses(collector, []);
  const [busiest] = processes;
  const { others } = collector.departed;
  const major = processes.reduce((sum, process) => sum + process.major, others.major);
  const total = processes.reduce((sum, process) => sum + process.minor, others.minor) + major;
  const passed = Math.max(seconds - before.seconds, 1e-3);
  const rate = (now: number, then: number): string => formatRate((now - then) / passed);
  const head = `${formatDigits(total)} faults in ${seconds.toFixed(1)} s, now ${rate(total, before.faults)}/s, major ${rate(major, before.major)}/s`;
  Object.assign(before, { faults: total, major, seconds });
  if (busiest === undefined) return [head];
  const { regions, heat } = toldOf(busiest, collector);
  const number = processes.length + others.processes;
  const among = number > 1 ? `, the busiest of ${formatDigits(number)} processes` : "";
  const timeNs = regions.reduce((sum, region) => sum + (timeOf(region) ?? 0), 0);
  const room = rows - FRAME;
  const shown = regions.slice(0, Math.ceil(room / 3));
  const style = { lines: room - shown.length, color };
  return [
    head,
    `${printable(busiest.comm, 15)} (pid ${busiest.pid}), ${formatDigits(faultsOf(busiest))} faults${among}`,
    ...regionLines(shown, { faults: faultsOf(busiest), timeNs }),
    ...(heat.cells.length > 0 ? heatLines(heat, regions, style) : []),
  ];
}
