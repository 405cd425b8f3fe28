import { faultPage } from "../../plots/fault-page.ts";
import { verdict } from "../fault/stat/verdict.ts";
import type { FaultRecord, SummaryRecord } from "../metric/record.ts";
import { WholeFile } from "./file.ts";
import type { View } from "./view.ts";

/** The page with charts, written once all records are there. */
export function htmlView(path: string): View {
  const file = new WholeFile(path);
  const records: FaultRecord[] = [];
  return {
    take: (record) => void records.push(record),
    end: () => {
      const start = records.find((record) => record.type === "start");
      const summaries = records.filter((record): record is SummaryRecord => record.type === "summary");
      if (start?.type !== "start") return;
      file.finish(faultPage(records, { verdict: summaries.length > 0 ? verdict(start, summaries) : null }));
    },
  };
}
