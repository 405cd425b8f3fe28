import { Command, CommanderError } from "commander";
import { printable } from "../term/table.ts";
import { VERSION } from "../version.ts";
import { EXIT, messageOf, UserError } from "./error.ts";
import { StandardOutput } from "./output.ts";

export interface Invocation {
  /**
   * Aborted by Ctrl-C, SIGTERM, SIGHUP, and when nobody reads our output any more. Its reason is a
   * UserError with the exit status for the case that nothing had been measured yet.
   */
  signal: AbortSignal;
  out: StandardOutput;
  /** One line on standard error, with the tool's name. */
  warn: (message: string) => void;
  /** What stands after `--`, or null when there is no `--`. */
  command: string[] | null;
  /** Rejects with status 128 + n at the next signal: for waits after the measurement. */
  interrupted: () => Promise<never>;
}

/** A tool: its options, and what it does; it returns the exit status. */
export interface Tool {
  name: string;
  describe: (program: Command) => Command;
  run: (program: Command, invocation: Invocation) => Promise<number>;
}

const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/**
 * Runs a tool: splits the arguments at the first `--`, parses the options, catches signals and
 * errors, and sets the exit status (lib/cli/error.ts). Usage errors are 2.
 */
export async function runTool(tool: Tool, argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  const abort = new AbortController();
  let hurry: ((error: unknown) => void) | null = null;
  // first of all: a Ctrl-C that comes early must end us in order
  for (const [name, number] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      abort.abort(new UserError("interrupted before anything was measured", 128 + number));
      hurry?.(new UserError("", 128 + number));
    });
  }
  // names and values come from others: they shall not break the line, nor drive the terminal
  const warn = (message: string): void => void process.stderr.write(`${tool.name}: ${printable(message)}\n`);
  process.stderr.on("error", () => undefined); // nobody reads our complaints: nothing to be done
  const out = new StandardOutput(() => abort.abort(new UserError("", EXIT.ok)));
  const split = argv.indexOf("--");
  const own = split < 0 ? argv : argv.slice(0, split);
  const program = tool.describe(new Command(tool.name));
  program
    .version(VERSION, "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .configureHelp({ helpWidth: 80 })
    .configureOutput({ outputError: (text) => warn(usageError(text) + hintOf(text, program)) })
    .exitOverride();
  try {
    program.parse(own, { from: "user" });
    const command = split < 0 ? null : argv.slice(split + 1);
    const interrupted = (): Promise<never> =>
      new Promise((_, reject) => {
        hurry = reject;
      });
    const status = await tool.run(program, { signal: abort.signal, out, warn, command, interrupted });
    await out.flush();
    process.exitCode = out.failed === null ? status : EXIT.failed;
    if (out.failed !== null) warn(out.failed);
  } catch (error) {
    process.exitCode = statusOf(error, warn);
  }
}

/** Commander's words in our form: one line, what failed, the value, the reason, no full stop. */
const usageError = (text: string): string =>
  text
    .trim()
    .replace(/^error: /, "")
    .replace(/\n(?=\(Did you mean )/, " ")
    .replace(/^option '([^' ,]+)[^']*' argument (.*) is invalid\. /s, "option '$1': $2 is invalid: ")
    .replace(/^command-argument value (.*) is invalid for argument '(\w+)'\. /s, "$2: $1 is invalid: ")
    .replace(/: Allowed choices are /, ": give one of ")
    .replace(/\. Expected/, ": expected")
    .replace(/\.$/, "");

/** Who gives a command without "--" is told where it belongs. */
const hintOf = (text: string, program: Command): string =>
  text.includes("too many arguments") && program.usage().includes("COMMAND")
    ? ": a command goes after --"
    : "";

function statusOf(error: unknown, warn: (message: string) => void): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UserError) {
    if (error.message !== "") warn(messageOf(error));
    return error.exitStatus;
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.failed;
}
