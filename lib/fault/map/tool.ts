import type { Command } from "commander";
import { mapPage } from "../../../plots/map-page.ts";
import { EXIT, UserError } from "../../cli/error.ts";
import type { Invocation, Tool } from "../../cli/run.ts";
import { count, pids, seconds } from "../../cli/values.ts";
import type { MapRecord } from "../../metric/map-record.ts";
import { resolveTarget } from "../../target/target.ts";
import { combine } from "../../views/combine.ts";
import { htmlView } from "../../views/html.ts";
import { jsonView } from "../../views/json.ts";
import type { View } from "../../views/view.ts";
import { regionsCsvView } from "./csv.ts";
import { mapFaults } from "./session.ts";
import { mapView } from "./view.ts";

const EXAMPLES = `
Examples:
  pgfaultmap -p 1234 -d 10         where process 1234 faults, for ten seconds
  pgfaultmap -- sort big.txt       a command, from its first instruction
  pgfaultmap -f -j -- make         its children too, as NDJSON
`;

interface Options {
  pid?: number[];
  follow?: true;
  duration?: number;
  pageSizes?: true;
  json?: true;
  csv?: string;
  html?: string;
  rows: number;
}

const describe = (program: Command): Command =>
  program
    .description("Shows in which mappings a process faults, how often, and in what order.")
    .usage("[options] [-- COMMAND...]")
    .optionsGroup("Target (-p, or -- COMMAND):")
    .option("-p, --pid <PID[,PID]>", "trace these processes, with all their threads", pids)
    .option("-f, --follow", "and the children they fork")
    .optionsGroup("Measurement:")
    .option("-d, --duration <SECONDS>", "measure for so long", seconds)
    .option("-P, --page-sizes", "tell walks over huge pages, at a tenth more of cost")
    .optionsGroup("Output:")
    .option("-j, --json", "print records as NDJSON instead of tables")
    .option("--csv <FILE>", "write the regions as CSV")
    .option("--html <FILE>", "write a self-contained page with the heat map")
    .option("-n, --rows <N>", "show the N busiest regions of a process", count, 20)
    .addHelpText("after", EXAMPLES);

async function run(options: Options, invocation: Invocation): Promise<number> {
  const { command, signal, interrupted } = invocation;
  if (command !== null && command.length === 0) throw new UserError("no command after --");
  const target = await resolveTarget({ ...options, ...(command === null ? {} : { command }) }, ["-p PID"]);
  try {
    const view = openViews(options, invocation);
    let failed = false;
    for await (const moment of mapFaults({
      target,
      duration: options.duration ?? null,
      pageSizes: options.pageSizes ?? false,
      signal,
    })) {
      for (const record of moment) {
        failed ||= record.type === "error";
        tell(record, options, invocation);
        view.take(record);
      }
      view.flush();
    }
    view.end();
    if (target.command === null) return failed ? EXIT.failed : EXIT.ok;
    const status = await Promise.race([target.command.ended, interrupted()]);
    return failed ? EXIT.failed : status;
  } finally {
    await target.command?.release();
  }
}

/** What the options ask for; a page that cannot be written is told at once. @throws UserError */
function openViews({ csv, html, json, rows }: Options, { out, warn }: Invocation): Required<View<MapRecord>> {
  const line = (text: string): void => out.line(text);
  const views: View<MapRecord>[] = [json ? jsonView(line) : mapView(line, rows)];
  if (csv !== undefined) views.push(regionsCsvView(csv));
  if (html !== undefined) views.push(htmlView(html, mapPage));
  return combine(views, warn);
}

/** Status lines for people, on standard error. */
function tell(record: MapRecord, { json }: Options, { out, warn }: Invocation): void {
  if (record.type === "error") warn(record.message);
  if (record.type !== "start") return;
  for (const text of record.degraded) warn(text);
  if (out.isTTY && !json) warn(`recording ${record.target}, Ctrl-C to end`);
}

/** pgfaultmap as a tool: its options, and what it does. */
export const PGFAULTMAP: Tool = {
  name: "pgfaultmap",
  describe,
  run: (program, invocation) => run(program.opts<Options>(), invocation),
};
