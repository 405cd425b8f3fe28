import Papa from "papaparse";
import { SAMPLE_METRICS } from "../metric/registry.ts";
import { OutputFile } from "./file.ts";
import type { View } from "./view.ts";

/** The samples as CSV, a column for each metric of the registry; a value that could not be had is empty. */
export function csvView(path: string): View {
  const file = new OutputFile(path);
  const fields = SAMPLE_METRICS.map((metric) => metric.name);
  file.write(`${fields.join()}\n`);
  return {
    take: (record) => {
      if (record.type !== "sample") return;
      const row = SAMPLE_METRICS.map((metric) => metric.value(record));
      file.write(`${Papa.unparse([row], { newline: "\n" })}\n`);
    },
    end: () => file.close(),
  };
}
