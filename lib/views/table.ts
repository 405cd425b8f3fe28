import { bookLines, bookTable, FEW } from "../fault/stat/books-text.ts";
import { averageRow, columnsFor, type Row } from "../fault/stat/table.ts";
import { verdict } from "../fault/stat/verdict.ts";
import type { SampleRecord, StartRecord, SummaryRecord } from "../metric/record.ts";
import type { Paint } from "../term/color.ts";
import { type Column, headerLine, rowLine, wrap } from "../term/table.ts";
import type { View } from "./view.ts";

export interface TableOptions {
  line: (text: string) => void;
  paint: Paint;
  /** Rows of the terminal, so that the header is repeated once a screenful; null for a file. */
  rows: () => number | null;
  timestamp: boolean;
  /** Of many processes, as many rows an interval and as many books. */
  limit: number;
}

/** The live table, and after it the summary with the books. */
export function tableView(options: TableOptions): View {
  const { line, paint } = options;
  let columns: Column<Row>[] = [];
  let interval: SampleRecord[] = [];
  let sinceHeader = Number.POSITIVE_INFINITY;
  const rss = new Map<number, number>();
  const summaries: SummaryRecord[] = [];
  let start: StartRecord | null = null;

  const print = (row: Row): void => {
    const screen = options.rows();
    if (sinceHeader === Number.POSITIVE_INFINITY || (screen !== null && sinceHeader >= screen - 2)) {
      line(paint("bold", headerLine(columns)));
      sinceHeader = 0;
    }
    sinceHeader += 1;
    const text = rowLine(columns, row);
    line(row.major > 0 ? paint("yellow", text) : text);
  };
  const flush = (): void => {
    for (const sample of busiest(interval, options.limit)) print(sample);
    interval = [];
  };
  return {
    take: (record) => {
      switch (record.type) {
        case "start":
          start = record;
          columns = columnsFor(record, options.timestamp);
          break;
        case "sample":
          // a recording has no pauses: there a later sample shows that those of a moment are complete
          if (interval[0] !== undefined && interval[0].time !== record.time) flush();
          interval.push(record);
          if (record.rss !== null) rss.set(record.pid, record.rss);
          break;
        case "summary":
          summaries.push(record);
          break;
        case "error":
          break;
      }
    },
    flush,
    end: () => {
      flush();
      const shown = busiestSummaries(summaries, options.limit);
      if (start !== null) for (const text of averages(shown, columns, rss)) line(text);
      if (shown.length > 0) line("");
      if (shown.length <= FEW) for (const text of shown.flatMap((s) => [...bookLines(s), ""])) line(text);
      else for (const text of [...bookTable(shown), ""]) line(text);
      if (summaries.length > shown.length)
        line(`and ${summaries.length - shown.length} more processes (-n shows more)`);
      if (start !== null && summaries.length > 0)
        for (const text of wrap(verdict(start, summaries))) line(text);
    },
  };
}

function averages(
  summaries: readonly SummaryRecord[],
  columns: readonly Column<Row>[],
  rss: ReadonlyMap<number, number>,
): string[] {
  if (summaries.length === 0) return [];
  return [
    "Average:",
    ...summaries.map((summary) => rowLine(columns, averageRow(summary, rss.get(summary.pid) ?? null))),
  ];
}

const faults = (record: { minor: number; major: number }): number => record.minor + record.major;

/** The order of rows: majors are what hurts, but a table of the busiest is asked for: all faults. */
const busiest = (samples: readonly SampleRecord[], limit: number): SampleRecord[] =>
  [...samples].sort((a, b) => faults(b) - faults(a) || a.pid - b.pid).slice(0, limit);

const busiestSummaries = (summaries: readonly SummaryRecord[], limit: number): SummaryRecord[] =>
  [...summaries].sort((a, b) => faults(b) - faults(a) || a.pid - b.pid).slice(0, limit);
