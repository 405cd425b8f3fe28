import type { HeatRecord, MapRecord, RegionRecord } from "../../metric/map-record.ts";
import type { View } from "../../views/view.ts";
import { mapLines } from "./table.ts";

/** The final report: of each process its regions, its heat map, its books, and what to make of them. */
export function mapView(line: (text: string) => void, limit: number): View<MapRecord> {
  let regions: RegionRecord[] = [];
  let heat: HeatRecord | null = null;
  return {
    take: (record) => {
      if (record.type === "region") regions.push(record);
      else if (record.type === "heat") heat = record;
      else if (record.type === "summary") {
        for (const text of mapLines({ regions, heat, summary: record }, limit)) line(text);
        regions = [];
        heat = null;
      }
    },
    end: () => undefined,
  };
}
