import type { FunctionRecord, HeatRecord, MapRecord, RegionRecord } from "../../metric/map-record.ts";
import { formatDigits } from "../../term/units.ts";
import type { View } from "../../views/view.ts";
import { addUnlisted, type ProcessRow, processLines, type Unlisted } from "./process-table.ts";
import { type MapStyle, mapLines } from "./table.ts";

/** Processes that are shown in full, the busiest: of more there is a table. */
const SHOWN_IN_FULL = 4;

/**
 * The final report: of each of the busiest processes its regions, its functions, its heat map, its books, and
 * what to make of them; then a table of all processes where there are more.
 */
export function mapView(line: (text: string) => void, style: MapStyle): View<MapRecord> {
  let regions: RegionRecord[] = [];
  let functions: FunctionRecord[] = [];
  let heat: HeatRecord | null = null;
  let shown = 0;
  const rows: ProcessRow[] = [];
  const unlisted: Unlisted = { processes: 0, minor: 0, major: 0 };
  const all = { processes: 0, faults: 0 };
  return {
    take: (record) => {
      if (record.type === "region") regions.push(record);
      else if (record.type === "function") functions.push(record);
      else if (record.type === "heat") heat = record;
      else if (record.type === "others") {
        addUnlisted(unlisted, record, record.processes);
        all.processes += record.processes;
        all.faults += record.minor + record.major;
      } else if (record.type === "summary") {
        if (shown++ < SHOWN_IN_FULL)
          for (const text of mapLines({ regions, functions, heat, summary: record }, style)) line(text);
        if (rows.length < style.limit) rows.push({ summary: record, regions: regions.slice(0, 1) });
        else addUnlisted(unlisted, record);
        all.processes++;
        all.faults += record.faults;
        regions = [];
        functions = [];
        heat = null;
      }
    },
    end: () => {
      if (all.processes <= SHOWN_IN_FULL) return;
      line("");
      line(`${formatDigits(all.processes)} processes, ${formatDigits(all.faults)} faults`);
      for (const text of processLines(rows, unlisted, all.faults)) line(text);
    },
  };
}
