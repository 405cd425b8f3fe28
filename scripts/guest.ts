import { type Command, InvalidArgumentError, Option } from "commander";
import { EXIT, UserError } from "../lib/cli/error.ts";
import { runTool } from "../lib/cli/run.ts";
import { count } from "../lib/cli/values.ts";
import { type GuestOptions, runInGuest } from "../test/guest/machine/boot.ts";
import { KERNELS } from "../test/guest/machine/kernel.ts";

const EXAMPLES = `
Examples:
  npm run guest -- bash                        a shell in the test guest, root, ended by exit
  npm run guest -- numactl -H                  one command; its status is the guest's
  npm run guest -- --kernel debian npm run doctor
`;

function atLeast(least: number): (text: string) => number {
  return (text) => {
    const value = count(text);
    if (value < least) throw new InvalidArgumentError(`Give at least ${least}.`);
    return value;
  };
}

const describe = (program: Command): Command =>
  program
    .description("Runs a command in the test guest: an emulated machine over this machine's files.")
    .usage("[options] COMMAND...")
    .argument("[command...]")
    .passThroughOptions()
    .addOption(new Option("--kernel <NAME>", "which kernel it boots").choices([...KERNELS]).default("built"))
    .option("--memory <MB>", "memory, over two nodes", atLeast(1024), 2048)
    .option("--cpus <N>", "CPUs, over two nodes", atLeast(1), 2)
    .option("--limit <SECONDS>", "end a guest that takes longer; a shell has no limit", count, 600)
    .addHelpText("after", EXAMPLES);

await runTool({
  name: "guest",
  describe,
  run: async (program, { command, signal }) => {
    const argv = [...program.args, ...(command ?? [])];
    if (argv.length === 0) throw new UserError("no command", EXIT.usage);
    const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
    const { kernel, memory, cpus, limit } = program.opts<{
      kernel: GuestOptions["kernel"];
      memory: number;
      cpus: number;
      limit: number;
    }>();
    const limitSeconds = terminal ? Infinity : limit;
    return runInGuest(argv, { kernel, memoryMb: memory, cpus, limitSeconds, terminal, signal });
  },
});
