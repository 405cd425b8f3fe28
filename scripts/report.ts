import type { Command } from "commander";
import { withOutput } from "../lib/cli/options.ts";
import { runTool } from "../lib/cli/run.ts";
import { count } from "../lib/cli/values.ts";
import { report } from "../lib/report/report.ts";
import type { OutputOptions } from "../lib/views/views.ts";

const EXAMPLES = `
Examples:
  pgfaultstat -o rec -l -- make    record a run
  report rec                       its table and its summary again
  report rec --html rec.html       a page with charts
  report rec -j | grep sample      its records as NDJSON
`;

const describe = (program: Command): Command =>
  withOutput(program)
    .description("Shows a recording of pgfaultstat -o DIR again: table, NDJSON, CSV, page with charts.")
    .argument("<DIR>", "the recording")
    .option("-n, --rows <N>", "show the N busiest processes", count, 20)
    .addHelpText("after", EXAMPLES);

await runTool({
  name: "report",
  describe,
  run: (program, invocation) => {
    const [directory] = program.processedArgs as [string];
    return report(directory, program.opts<OutputOptions>(), invocation);
  },
});
