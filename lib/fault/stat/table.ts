import type { SampleRecord, StartRecord, SummaryRecord } from "../../metric/record.ts";
import { type Column, printable } from "../../term/table.ts";
import {
  clockWidth,
  formatBytes,
  formatClock,
  formatCount,
  formatNs,
  formatRate,
  placesFor,
} from "../../term/units.ts";

/** Tables stay below 80 columns; the name takes what is left. */
const WIDTH = 79;

/** A row: a sample, or the average over the whole run. */
export type Row = Omit<SampleRecord, "type" | "types">;

/** The columns of a run: time and thread where asked for, percentiles where measured. */
export function columnsFor(
  start: Pick<StartRecord, "latency" | "perThread" | "interval">,
  timestamp: boolean,
): Column<Row>[] {
  const columns: Column<Row>[] = [];
  const { latency, perThread, interval } = start;
  const places = timestamp && !(latency && perThread) ? placesFor(interval) : 0;
  if (timestamp) {
    const value = (row: Row): string => formatClock(row.time, places);
    columns.push({ title: "TIME", width: clockWidth(places), align: "left", value });
  }
  columns.push({ title: "PID", width: 7, value: (row) => String(row.pid) });
  if (start.perThread) columns.push({ title: "TID", width: 7, value: (row) => String(row.tid ?? "-") });
  const count = start.latency ? 7 : 9;
  const tight = timestamp && start.latency;
  const rate = tight ? 7 : 8;
  columns.push(
    {
      title: tight ? "min/s" : "minflt/s",
      width: rate,
      value: (row) => formatRate(row.minorPerSecond, rate),
    },
    {
      title: tight ? "maj/s" : "majflt/s",
      width: rate,
      value: (row) => formatRate(row.majorPerSecond, rate),
    },
  );
  columns.push(
    { title: "minflt", width: count, value: (row) => formatCount(row.minor, count) },
    { title: "majflt", width: start.latency ? 6 : 8, value: (row) => formatCount(row.major, 6) },
  );
  if (start.latency) {
    for (const fault of ["minor", "major"] as const) {
      columns.push({
        title: `${fault.slice(0, 3)}50/99`,
        width: 9,
        value: (row) => {
          const latency = row.latency?.[fault];
          return latency === undefined || latency.count === 0
            ? "-"
            : `${formatNs(latency.p50Ns)}/${formatNs(latency.p99Ns)}`;
        },
      });
    }
  }
  if (!latency || (!perThread && places === 0)) {
    columns.push({ title: "RSS", width: 5, value: (row) => formatBytes(row.rss) });
  }
  const used = columns.reduce((sum, column) => sum + column.width + 1, 0);
  const left = Math.max(3, Math.min(20, WIDTH - used));
  columns.push({
    title: left < 7 ? "CMD" : "COMMAND",
    width: left,
    align: "left",
    value: (row) => printable(row.comm, left),
  });
  return columns;
}

/** The Average row: totals of the run, and rates over all of its time. */
export function averageRow(summary: SummaryRecord, rss: number | null): Row {
  const { seconds } = summary;
  return {
    time: summary.time,
    seconds,
    pid: summary.pid,
    comm: summary.comm,
    minor: summary.minor,
    major: summary.major,
    minorPerSecond: seconds > 0 ? summary.minor / seconds : 0,
    majorPerSecond: seconds > 0 ? summary.major / seconds : 0,
    rss,
    ...(summary.latency === undefined ? {} : { latency: summary.latency }),
  };
}
