/**
 * The tests of suite.ts, inside the test guest:
 *
 *   npm run test:guest                       with the built kernel, then with Debian's
 *   npm run test:guest -- --kernel debian    with one of them
 *   npm run test:guest -- FILE...            only these files
 *
 * Exit status: 0 all passed; else that of the last lane that failed, 1 where its guest did.
 */
import { basename } from "node:path";
import { type Command, Option } from "commander";
import { EXIT, messageOf, UserError } from "../../lib/cli/error.ts";
import { runTool } from "../../lib/cli/run.ts";
import { bundle } from "./bundle.ts";
import { runInGuest } from "./machine/boot.ts";
import { KERNELS, type KernelName } from "./machine/kernel.ts";
import { say } from "./machine/progress.ts";
import { SUITE, TOOLS } from "./suite.ts";

const SHARE = "/run/guest/share";
/** A quiet machine needs a minute; a busy one may need much more, a guest that hangs for ever. */
const LIMIT_S = 900;
/**
 * In Linux 6.1 a processor that meets a breakpoint which another one has just taken away ends the kernel
 * (kprobe_int3_handler calls null): the emulator's processors notice changed code late. With one of them it cannot be.
 */
const CPUS: Record<KernelName, number> = { built: 2, debian: 1 };
const NODE = ["node", "--test", "--test-concurrency=1", "--test-reporter=spec"];

/** @throws UserError when the guest does not report */
async function runLane(kernel: KernelName, files: readonly string[], signal: AbortSignal): Promise<number> {
  const started = Date.now();
  const bundles = files.map((file) => `${SHARE}/${basename(file, ".ts")}.mjs`);
  const status = await runInGuest([...NODE, ...bundles], {
    kernel,
    memoryMb: 2048,
    cpus: CPUS[kernel],
    limitSeconds: LIMIT_S,
    terminal: false,
    signal,
    env: { GUEST_TOOLS: SHARE, TEST_PROGRAM_TIMEOUT: "300" },
    share: (directory) => bundle([...files, ...TOOLS], directory),
  });
  const seconds = Math.round((Date.now() - started) / 1000);
  say(`kernel ${kernel}: ${status === 0 ? "passed" : `failed with status ${status}`}, ${seconds} s`);
  return status;
}

const describe = (program: Command): Command =>
  program
    .argument("[files...]", "test files, instead of all of suite.ts")
    .description("Runs the tests that need a kernel which has everything, in the test guest.")
    .addOption(new Option("--kernel <NAME>", "only with this kernel").choices([...KERNELS]));

await runTool({
  name: "test:guest",
  describe,
  run: async (program, { signal, warn }) => {
    const { kernel } = program.opts<{ kernel?: KernelName }>();
    const files = program.args.length > 0 ? program.args : SUITE;
    let worst: number = EXIT.ok;
    for (const lane of kernel === undefined ? KERNELS : [kernel]) {
      try {
        worst = (await runLane(lane, files, signal)) || worst;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        warn(`kernel ${lane}: ${messageOf(error)}`);
        worst = error.exitStatus;
        if (signal.aborted) break;
      }
    }
    return worst;
  },
});
