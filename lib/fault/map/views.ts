import { mapPage } from "../../../plots/map-page.ts";
import type { Invocation } from "../../cli/run.ts";
import type { MapRecord } from "../../metric/map-record.ts";
import { type ColorChoice, hasColor } from "../../term/color.ts";
import { combine } from "../../views/combine.ts";
import { htmlView } from "../../views/html.ts";
import { jsonView } from "../../views/json.ts";
import type { View } from "../../views/view.ts";
import { regionsCsvView } from "./csv.ts";
import { foldedView } from "./folded.ts";
import { mapView } from "./view.ts";

/** The output options of pgfaultmap, and of report for its recordings. */
export interface MapOutputOptions {
  json?: true;
  csv?: string;
  html?: string;
  color: ColorChoice;
  stacks?: string;
  rows: number;
}

/** Lines of the heat map in a report. */
const HEAT_LINES = 24;

/** The views that the options ask for; a file that cannot be written is told at once. @throws UserError */
export function openMapViews(
  { csv, html, json, color, rows, stacks }: MapOutputOptions,
  { out, warn }: Pick<Invocation, "out" | "warn">,
  others: readonly View<MapRecord>[] = [],
): Required<View<MapRecord>> {
  const line = (text: string): void => out.line(text);
  const heat = { lines: HEAT_LINES, color: hasColor(color, { isTTY: out.isTTY, env: process.env }) };
  const shown = json ? jsonView<MapRecord>(line) : mapView(line, { limit: rows, heat });
  const views: View<MapRecord>[] = [...others, shown];
  if (csv !== undefined) views.push(regionsCsvView(csv));
  if (stacks !== undefined) views.push(foldedView(stacks));
  if (html !== undefined) views.push(htmlView(html, mapPage));
  return combine(views, warn);
}
