import { type Command, Option } from "commander";
import { withDuration, withOutput, withRecording, withTarget, withVerbose } from "../../cli/options.ts";
import type { Tool } from "../../cli/run.ts";
import { count, seconds } from "../../cli/values.ts";
import { SOURCES } from "../../source/source.ts";
import { type PgfaultstatOptions, pgfaultstat } from "./pgfaultstat.ts";

const EXAMPLES = `
Examples:
  pgfaultstat -p 1234 1          its rates every second, until Ctrl-C
  pgfaultstat -p 1234 -l 1 10    and how long its faults take, ten times
  pgfaultstat -- gcc -c main.c   exact books of a command, from its beginning
  pgfaultstat -f -- make         each of its children too
  pgfaultstat -a -n 5 2          the five busiest processes every two seconds
  pgfaultstat -p 1234 -d 60 --html f.html   a page with charts of one minute
`;

const describe = (program: Command): Command =>
  withVerbose(withRecording(withOutput(withDuration(withTarget(program)))))
    .description("Counts the minor and major page faults of processes, live, with books that balance.")
    .usage("[options] [interval [count]] [-- COMMAND...]")
    .argument("[interval]", "seconds between rows", seconds, 1)
    .argument("[count]", "rows to print", count)
    .optionsGroup("What is measured:")
    .option("-t, --threads", "a row for each thread")
    .option("-l, --latency", "how long faults take: percentiles and a histogram")
    .option("--types", "reads, writes, instruction fetches, copy-on-write (x86)")
    .option("-n, --rows <N>", "show the N busiest processes", count, 20)
    .addOption(
      new Option("--via <SOURCE>", "where counts come from").choices(["auto", ...SOURCES]).default("auto"),
    )
    .addHelpText("after", EXAMPLES);

/** pgfaultstat as a tool: its options, and what it does. */
export const PGFAULTSTAT: Tool = {
  name: "pgfaultstat",
  describe,
  run: (program, invocation) => {
    const [interval, rows] = program.processedArgs as [number, number | undefined];
    return pgfaultstat({ ...program.opts<PgfaultstatOptions>(), interval, count: rows ?? null }, invocation);
  },
};
