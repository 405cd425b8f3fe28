import { EXIT, UserError } from "../cli/error.ts";
import type { Invocation } from "../cli/run.ts";
import { readRecording } from "../views/recording.ts";
import { type OutputOptions, openViews } from "../views/views.ts";

/**
 * Shows a recording (pgfaultstat -o DIR) again, as the run itself would have been shown with these
 * options, from its files alone.
 *
 * @throws UserError when DIR is no recording, is one of a later format, or a file cannot be written
 */
export async function report(
  directory: string,
  options: OutputOptions,
  { command, ...invocation }: Invocation,
): Promise<number> {
  if (command !== null) throw new UserError("takes a recording, and no command after --");
  const records = readRecording(directory);
  const view = openViews(options, invocation);
  for (const record of records) {
    if (record.type === "error") invocation.warn(record.message);
    view.take(record);
  }
  view.end();
  return EXIT.ok;
}
