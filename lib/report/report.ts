import { EXIT, UserError } from "../cli/error.ts";
import type { Invocation } from "../cli/run.ts";
import type { Stalls } from "../fault/map/except.ts";
import { replay } from "../fault/map/recording.ts";
import { type MapOutputOptions, openMapViews } from "../fault/map/views.ts";
import type { MapRecord } from "../metric/map-record.ts";
import type { FaultRecord } from "../metric/record.ts";
import type { WssRecord } from "../metric/wss-record.ts";
import { readRecording } from "../views/recording.ts";
import { toolOf } from "../views/recording-directory.ts";
import type { View } from "../views/view.ts";
import { type OutputOptions, openViews } from "../views/views.ts";
import { readWssRecording } from "../wss/recording.ts";
import { readStalls } from "../wss/stalls.ts";
import { openWssViews } from "../wss/views.ts";

/** The call chains are pgfaultmap's alone, and so are the latencies of single faults. */
export interface ReportOptions extends OutputOptions, Pick<MapOutputOptions, "stacks"> {
  /** A recording of wss, taken at the same time. */
  except?: string;
}

/**
 * Shows a recording (-o DIR) again, as the run itself would have been shown with these options, from
 * its files alone.
 *
 * @throws UserError when DIR is no recording, is one of a later format, or a file cannot be written
 */
export async function report(
  directory: string,
  options: ReportOptions,
  invocation: Invocation,
): Promise<number> {
  if (invocation.command !== null) throw new UserError("takes a recording, and no command after --");
  const tool = toolOf(directory);
  if (options.stacks !== undefined && tool !== "pgfaultmap")
    throw new UserError("option '--stacks': only pgfaultmap records call chains");
  if (options.except !== undefined && tool !== "pgfaultmap")
    throw new UserError(
      "option '--except': only pgfaultmap -l records when each fault was, and how long it took",
    );
  switch (tool) {
    case "pgfaultmap":
      show<MapRecord>(
        replay(directory, exceptOf(options)),
        () => openMapViews(options, invocation),
        invocation,
      );
      break;
    case "wss":
      show<WssRecord>([readWssRecording(directory)], () => openWssViews(options, invocation), invocation);
      break;
    default:
      show<FaultRecord>([readRecording(directory)], () => openViews(options, invocation), invocation);
  }
  return EXIT.ok;
}

/** @throws UserError when it is no recording of wss, or a damaged one */
function exceptOf({ except }: ReportOptions): Stalls | null {
  if (except === undefined) return null;
  if (toolOf(except) !== "wss") throw new UserError(`option '--except': '${except}' is no recording of wss`);
  return readStalls(except);
}

/** The views are opened once the recording has proved to be one. */
function show<Kind extends FaultRecord | MapRecord | WssRecord>(
  moments: Iterable<Kind[]>,
  open: () => Required<View<Kind>>,
  { warn }: Invocation,
): void {
  let view: Required<View<Kind>> | null = null;
  for (const moment of moments) {
    view ??= open();
    for (const record of moment) {
      if (record.type === "error") warn(record.message);
      view.take(record);
    }
  }
  view?.end();
}
