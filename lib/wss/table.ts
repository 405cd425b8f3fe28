import type { WssLimitRecord } from "../metric/wss-limit-record.ts";
import type {
  WssCurveRecord,
  WssRecord,
  WssRegionRecord,
  WssSampleRecord,
  WssSummaryRecord,
} from "../metric/wss-record.ts";
import type { Paint } from "../term/color.ts";
import { sparkline } from "../term/sparkline.ts";
import { type Column, headerLine, rowLine, wrap } from "../term/table.ts";
import { formatBytes } from "../term/units.ts";
import type { View } from "../views/view.ts";
import { columnsFor, REGIONS } from "./columns.ts";
import { curveLines } from "./curve-text.ts";

export interface WssTableOptions {
  line: (text: string) => void;
  paint: Paint;
  /** Rows of the terminal, or null. */
  rows: () => number | null;
  /** Regions of a window, and processes in the end, that are shown. */
  limit: number;
}

/** A row for each window as it ends; in the end a sparkline and a sentence for each process and method. */
export function wssTable({ line, paint, rows, limit }: WssTableOptions): View<WssRecord> {
  let columns: ReturnType<typeof columnsFor> = { samples: [], points: [] };
  let sinceHeader = Number.POSITIVE_INFINITY;
  const series = new Map<string, number[]>();
  const summaries: WssSummaryRecord[] = [];
  const curves: WssCurveRecord[] = [];
  const limits: WssLimitRecord[] = [];
  let regions: WssRegionRecord[] = [];

  const print = <Row>(columns: readonly Column<Row>[], row: Row): void => {
    const screen = rows();
    if (sinceHeader === Number.POSITIVE_INFINITY || (screen !== null && sinceHeader >= screen - 2)) {
      line(paint("bold", headerLine(columns)));
      sinceHeader = 0;
    }
    sinceHeader += 1;
    line(rowLine(columns, row));
  };
  const keep = ({ pid, method, wss }: WssSampleRecord): void => {
    const key = `${pid} ${method}`;
    const sizes = series.get(key) ?? [];
    sizes.push(wss);
    series.set(key, sizes);
  };
  const printRegions = (): void => {
    if (regions.length === 0) return;
    line(paint("dim", headerLine(REGIONS)));
    for (const region of regions.slice(0, limit)) line(rowLine(REGIONS, region));
    if (regions.length > limit) line(`${"".padStart(14)} and ${regions.length - limit} more (-n shows more)`);
    regions = [];
    sinceHeader = Number.POSITIVE_INFINITY;
  };
  return {
    take: (record) => {
      if (record.type !== "region") printRegions();
      switch (record.type) {
        case "start":
          columns = columnsFor(record);
          break;
        case "sample":
          print(columns.samples, record);
          keep(record);
          break;
        case "point":
          print(columns.points, record);
          break;
        case "curve":
          curves.push(record);
          break;
        case "region":
          regions.push(record);
          break;
        case "summary":
          summaries.push(record);
          break;
        case "limit":
          limits.push(record);
          break;
        case "refused":
        case "error":
          break;
      }
    },
    end: () => {
      printRegions();
      const largest = summaries.toSorted((a, b) => b.wssMedian - a.wssMedian);
      const pids = [...new Set(largest.map(({ pid }) => pid))];
      const shown = largest.filter(({ pid }) => pids.indexOf(pid) < limit);
      const more = pids.length - limit;
      for (const { pid, method, verdict } of shown) {
        line("");
        const sizes = series.get(`${pid} ${method}`) ?? [];
        if (sizes.length > 1)
          line(`${sparkline(sizes, 60)} 0 to ${formatBytes(sizes.reduce((a, b) => Math.max(a, b), 0))}`);
        for (const text of wrap(verdict)) line(text);
      }
      for (const curve of curves.slice(0, limit)) {
        line("");
        const [head = "", ...rows] = curveLines(curve);
        line(paint("bold", head));
        for (const text of [...rows, ...wrap(curve.verdict)]) line(text);
      }
      for (const { verdict } of limits) {
        line("");
        for (const text of wrap(verdict)) line(text);
      }
      if (more > 0) line(`and ${more} more ${more === 1 ? "process" : "processes"} (-n shows more)`);
    },
  };
}
