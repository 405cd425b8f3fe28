/** doctor: what works here, what does not, and the command that fixes it. */
import { Command, CommanderError, Option } from "commander";
import { EXIT } from "../lib/cli/error.ts";
import { capabilities } from "../lib/kernel/capabilities.ts";
import { formatCapabilities } from "../lib/kernel/format.ts";
import project from "../package.json" with { type: "json" };

interface Options {
  json?: true;
  color: "auto" | "always" | "never";
}

const program = new Command("doctor")
  .description("Tries what the tools need of this machine, and says what is lost and what to type.")
  .option("-j, --json", "one JSON object a line, on standard output")
  .addOption(new Option("--color <when>", "colour").choices(["auto", "always", "never"]).default("auto"))
  .version(project.version, "--version")
  .addHelpText(
    "after",
    "\nExamples:\n  npm run doctor\n  npm -s run doctor -- -j | jq 'select(.status != \"ok\")'",
  )
  .exitOverride();

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
process.exitCode = await main();

async function main(): Promise<number> {
  try {
    program.parse();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const { json, color } = program.opts<Options>();
  const found = await capabilities();
  const isColored =
    color === "always" ||
    (color === "auto" && process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb");
  process.stdout.write(
    json
      ? found.map((each) => `${JSON.stringify({ type: "capability", ...each })}\n`).join("")
      : formatCapabilities(found, isColored),
  );
  return found.some(({ status }) => status === "fail") ? EXIT.failed : EXIT.ok;
}
