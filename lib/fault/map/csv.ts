import Papa from "papaparse";
import type { MapRecord, RegionRecord } from "../../metric/map-record.ts";
import { OutputFile } from "../../views/file.ts";
import type { View } from "../../views/view.ts";

/** The columns, named as the fields of a region record are. */
export const REGION_COLUMNS = [
  "pid",
  "start",
  "end",
  "permissions",
  "kind",
  "path",
  "fileOffset",
  "name",
  "minor",
  "major",
  "pages",
  "touchedShare",
  "refaults",
  "pattern",
  "order",
  "stride",
  "confidence",
  "vanished",
] as const satisfies readonly (keyof RegionRecord)[];

/** The regions as CSV; a value that could not be had is empty. @throws UserError when it cannot be opened */
export function regionsCsvView(path: string): View<MapRecord> {
  const file = new OutputFile(path);
  file.write(`${REGION_COLUMNS.join()}\n`);
  return {
    take: (record) => {
      if (record.type !== "region") return;
      const row = REGION_COLUMNS.map((column) => record[column]);
      file.write(`${Papa.unparse([row], { newline: "\n" })}\n`);
    },
    end: () => file.close(),
  };
}
