import type { Command } from "commander";
import { EXIT, UserError } from "../../cli/error.ts";
import type { Invocation, Tool } from "../../cli/run.ts";
import { count, pids, seconds } from "../../cli/values.ts";
import type { HeatRecord, RegionRecord } from "../../metric/map-record.ts";
import { resolveTarget } from "../../target/target.ts";
import { mapFaults } from "./session.ts";
import { mapLines } from "./table.ts";

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
  json?: true;
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
    .optionsGroup("Output:")
    .option("-j, --json", "print records as NDJSON instead of tables")
    .option("-n, --rows <N>", "show the N busiest regions of a process", count, 20)
    .addHelpText("after", EXAMPLES);

async function run(
  options: Options,
  { command, signal, out, warn, interrupted }: Invocation,
): Promise<number> {
  if (command !== null && command.length === 0) throw new UserError("no command after --");
  const target = await resolveTarget({ ...options, ...(command === null ? {} : { command }) }, ["-p PID"]);
  try {
    let failed = false;
    let regions: RegionRecord[] = [];
    let heat: HeatRecord | null = null;
    for await (const moment of mapFaults({ target, duration: options.duration ?? null, signal })) {
      for (const record of moment) {
        if (options.json) out.line(JSON.stringify(record));
        if (record.type === "start") {
          for (const text of record.degraded) warn(text);
          if (out.isTTY && !options.json) warn(`recording ${record.target}, Ctrl-C to end`);
        } else if (record.type === "error") {
          failed = true;
          warn(record.message);
        } else if (record.type === "region") regions.push(record);
        else if (record.type === "heat") heat = record;
        else {
          if (!options.json)
            for (const text of mapLines({ regions, heat, summary: record }, options.rows)) out.line(text);
          regions = [];
          heat = null;
        }
      }
    }
    if (target.command === null) return failed ? EXIT.failed : EXIT.ok;
    const status = await Promise.race([target.command.ended, interrupted()]);
    return failed ? EXIT.failed : status;
  } finally {
    await target.command?.release();
  }
}

/** pgfaultmap as a tool: its options, and what it does. */
export const PGFAULTMAP: Tool = {
  name: "pgfaultmap",
  describe,
  run: (program, invocation) => run(program.opts<Options>(), invocation),
};
