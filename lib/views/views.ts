import { UserError } from "../cli/error.ts";
import type { Invocation } from "../cli/run.ts";
import type { FaultRecord } from "../metric/record.ts";
import { type ColorChoice, painter } from "../term/color.ts";
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
  if (options.html !== undefined) views.push(htmlView(options.html));
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

/** One view of several: one that fails is left out from there on, the others go on. */
function combine(views: readonly View[], warn: (message: string) => void): Required<View> {
  const working = new Set(views);
  let failure: UserError | null = null;
  const each = (action: (view: View) => void): void => {
    for (const view of working) {
      try {
        action(view);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        working.delete(view);
        warn(error.message);
        failure = new UserError("", error.exitStatus);
      }
    }
  };
  return {
    take: (record: FaultRecord) => each((view) => view.take(record)),
    flush: () => each((view) => view.flush?.()),
    end: () => {
      each((view) => view.end());
      if (failure !== null) throw failure;
    },
  };
}
