import { type Command, Option } from "commander";
import { EXIT } from "../lib/cli/error.ts";
import { runTool } from "../lib/cli/run.ts";
import { capabilities } from "../lib/kernel/capabilities.ts";
import { formatCapabilities } from "../lib/kernel/format.ts";
import { type ColorChoice, painter } from "../lib/term/color.ts";

const EXAMPLES = `
Examples:
  npm run doctor                   what works, what is lost, what to type
  npm -s run doctor -- -j          the same as NDJSON
`;

const describe = (program: Command): Command =>
  program
    .description("Tries what the tools need of this machine, and says what is lost and what to type.")
    .option("-j, --json", "print records as NDJSON instead of a table")
    .addOption(
      new Option("--color <WHEN>", "colour on standard output")
        .choices(["auto", "always", "never"])
        .default("auto"),
    )
    .addHelpText("after", EXAMPLES);

await runTool({
  name: "doctor",
  describe,
  run: async (program, { out }) => {
    const { json, color } = program.opts<{ json?: true; color: ColorChoice }>();
    const found = await capabilities();
    if (json) for (const each of found) out.line(JSON.stringify({ type: "capability", ...each }));
    else out.line(formatCapabilities(found, painter(color, { isTTY: out.isTTY, env: process.env })));
    return found.some(({ status }) => status === "fail") ? EXIT.failed : EXIT.ok;
  },
});
