import type { Command } from "commander";
import { withOutput } from "../lib/cli/options.ts";
import { runTool } from "../lib/cli/run.ts";
import { count, path } from "../lib/cli/values.ts";
import { type ReportOptions, report } from "../lib/report/report.ts";

const EXAMPLES = `
Examples:
  pgfaultstat -o rec -l -- make    record a run
  report rec                       its table and its summary again
  report rec --html rec.html       a page with charts
  report rec -j | grep sample      its records as NDJSON
  report map --except set          map of pgfaultmap -l, less what wss -o set delayed
`;

const describe = (program: Command): Command =>
  withOutput(program)
    .description(
      "Shows a recording (-o DIR of pgfaultstat, pgfaultmap, wss) again: table, NDJSON, CSV, page.",
    )
    .argument("<DIR>", "the recording")
    .option(
      "-s, --stacks <FILE>",
      "write the call chains that pgfaultmap -s recorded, as folded stacks",
      path,
    )
    .option("--except <DIR>", "leave the faults that wss -o DIR delayed out of pgfaultmap's latencies", path)
    .option("-n, --rows <N>", "show the N busiest processes, or regions of each", count, 20)
    .addHelpText("after", EXAMPLES);

await runTool({
  name: "report",
  describe,
  run: (program, invocation) => {
    const [directory] = program.processedArgs as [string];
    return report(directory, program.opts<ReportOptions>(), invocation);
  },
});
