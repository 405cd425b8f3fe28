import Papa from "papaparse";
import { wssPage } from "../../plots/wss-page.ts";
import type { Invocation } from "../cli/run.ts";
import type { WssRecord } from "../metric/wss-record.ts";
import { type ColorChoice, painter } from "../term/color.ts";
import { combine } from "../views/combine.ts";
import { OutputFile } from "../views/file.ts";
import { htmlView } from "../views/html.ts";
import { jsonView } from "../views/json.ts";
import type { View } from "../views/view.ts";
import { POINT_COLUMNS, WSS_COLUMNS } from "./metrics.ts";
import { wssRecordingView } from "./recording.ts";
import { wssTable } from "./table.ts";

/** The output options of wss, and of report for its recordings. */
export interface WssOutputOptions {
  json?: true;
  csv?: string;
  html?: string;
  output?: string;
  color: ColorChoice;
  rows: number;
}

/** The views that the options ask for; files are opened at once. @throws UserError */
export function openWssViews(
  { json, csv, html, output, color, rows }: WssOutputOptions,
  { out, warn }: Pick<Invocation, "out" | "warn">,
): Required<View<WssRecord>> {
  const line = (text: string): void => out.line(text);
  const views: View<WssRecord>[] = [];
  if (output !== undefined) views.push(wssRecordingView(output));
  if (csv !== undefined) views.push(wssCsvView(csv));
  if (html !== undefined) views.push(htmlView(html, wssPage));
  const paint = painter(color, { isTTY: out.isTTY, env: process.env });
  views.push(json ? jsonView(line) : wssTable({ line, paint, rows: () => out.rows, limit: rows }));
  return combine(views, warn);
}

/** The samples, or the points of a curve, as CSV. @throws UserError when it cannot be opened */
function wssCsvView(path: string): View<WssRecord> {
  const file = new OutputFile(path);
  const write = (row: unknown[]): void => file.write(`${Papa.unparse([row], { newline: "\n" })}\n`);
  return {
    take: (record) => {
      if (record.type === "start") write([...(record.windows ? POINT_COLUMNS : WSS_COLUMNS)]);
      if (record.type === "sample") write(WSS_COLUMNS.map((column) => record[column]));
      if (record.type === "point") write(POINT_COLUMNS.map((column) => record[column]));
    },
    end: () => file.close(),
  };
}
