import { faultPage } from "../../plots/fault-page.ts";
import type { Invocation } from "../cli/run.ts";
import { verdict } from "../fault/stat/verdict.ts";
import type { FaultRecord, StartRecord, SummaryRecord } from "../metric/record.ts";
import { type ColorChoice, painter } from "../term/color.ts";
import { combine } from "./combine.ts";
import { csvView } from "./csv.ts";
import { htmlView } from "./html.ts";
import { jsonView } from "./json.ts";
import { recordingView } from "./recording.ts";
import { tableView } from "./table.ts";
import type { View } from "./view.ts";

/** The output options of lib/cli/options.ts. */
export interface OutputOptions {
  timestamp?: true;
  json?: true;
  csv?: string;
  html?: string;
  output?: string;
  color: ColorChoice;
  rows: number;
}

/** The views that the options ask for; files are opened at once. @throws UserError */
export function openViews(
  options: OutputOptions,
  { out, warn }: Pick<Invocation, "out" | "warn">,
): Required<View> {
  const line = (text: string): void => out.line(text);
  const views: View[] = [];
  if (options.output !== undefined) views.push(recordingView(options.output));
  if (options.csv !== undefined) views.push(csvView(options.csv));
  if (options.html !== undefined) views.push(htmlView(options.html, page));
  if (options.json) views.push(jsonView(line));
  else {
    views.push(
      tableView({
        line,
        paint: painter(options.color, { isTTY: out.isTTY, env: process.env }),
        rows: () => out.rows,
        timestamp: options.timestamp ?? false,
        limit: options.rows,
      }),
    );
  }
  return combine(views, warn);
}

/** The page of pgfaultstat, with its sentence; null without a beginning. */
function page(records: readonly FaultRecord[]): string | null {
  const start = records.find((record): record is StartRecord => record.type === "start");
  if (start === undefined) return null;
  const summaries = records.filter((record): record is SummaryRecord => record.type === "summary");
  return faultPage(records, { verdict: summaries.length > 0 ? verdict(start, summaries) : null });
}
