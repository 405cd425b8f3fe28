import { type Command, InvalidArgumentError, Option } from "commander";
import { EXIT, UserError } from "../cli/error.ts";
import { colorOption, withDuration, withRecording, withVerbose } from "../cli/options.ts";
import type { Invocation, Tool } from "../cli/run.ts";
import { count, path, pids, seconds, size } from "../cli/values.ts";
import type { WssRecord } from "../metric/wss-record.ts";
import { resolveTarget } from "../target/target.ts";
import { LONGEST_S, SHORTEST_S, windowsOf } from "./curve.ts";
import { METHODS, type MethodChoice } from "./method.ts";
import { measureWss } from "./session.ts";
import { openWssViews, type WssOutputOptions } from "./views.ts";
import { addZramSwap, type ZramSwap } from "./zram.ts";

const EXAMPLES = `
Examples:
  wss -p 1234                 what process 1234 touches in a second, until Ctrl-C
  wss -p 1234 0.1 50          fifty windows of a tenth of a second
  wss --regions -p 1234 10 1  which mappings that lies in
  wss --curve 60 -p 1234      by the length of the window, 10 ms to a minute
  wss --limit -p 1234 10 6    does it fit into its memory, watched for a minute
  wss -f -- make              a command and its children
  wss --method refault --zram 1G -p 1234 10 1  by paging it out, into swap of its own
  wss --method written -p 1234  what it writes, to the page
`;

interface Options extends WssOutputOptions {
  pid?: number[];
  follow?: true;
  cgroup?: string;
  duration?: number;
  method: MethodChoice;
  zram?: number;
  regions?: true;
  limit?: true;
  curve?: true | number;
  flush?: true;
  force?: true;
  verbose?: true;
}

/** "referenced,written": several take turns. */
function methods(text: string): MethodChoice {
  if (text === "auto" || text === "all") return text;
  const names = text.split(",").map((name) => METHODS.find((each) => each === name));
  const known = names.filter((name) => name !== undefined);
  if (known.length < names.length || new Set(known).size < known.length)
    throw new InvalidArgumentError(`give auto, all, or some of ${METHODS.join(", ")}`);
  return known;
}

const MIB = 1 << 20;

function zramSize(text: string): number {
  const bytes = size(text);
  if (bytes < MIB) throw new InvalidArgumentError("give at least 1M");
  return bytes;
}

const describe = (program: Command): Command =>
  withVerbose(
    withRecording(
      withDuration(
        program
          .description("Measures how much memory processes really use: what they touch, window after window.")
          .usage("[options] [interval [count]] [-- COMMAND...]")
          .argument("[interval]", "seconds of a window (default: 1), or the shortest of a curve", seconds)
          .argument("[count]", "windows, or epochs of a curve, to measure", count)
          .optionsGroup("Target (one of -p, -g, or -- COMMAND):")
          .option("-p, --pid <PID[,PID]>", "these processes", pids)
          .option("-f, --follow", "and the children they fork")
          .option("-g, --cgroup <PATH>", "the processes of a cgroup (v1 or v2)", path),
      )
        .addOption(
          new Option("--method <METHOD[,METHOD]>", `how: auto, all (take turns), ${METHODS.join(", ")}`)
            .argParser(methods)
            .default("auto"),
        )
        .option("--zram <SIZE>", "swap of compressed memory while it measures, for refault", zramSize)
        .option("--regions", "which mappings the working set lies in")
        .option("--curve [LONGEST]", `by the length of the window, up to LONGEST (${LONGEST_S} s)`, seconds)
        .option("--limit", "does it fit into the memory of its cgroup and of the machine")
        .option("--flush", "flush the TLB even where that resets soft-dirty marks")
        .option("--force", "however long it keeps the target from its memory")
        .optionsGroup("Output:")
        .option("-j, --json", "print records as NDJSON instead of tables")
        .option("--csv <FILE>", "write the samples as CSV", path)
        .option("--html <FILE>", "write a self-contained page with charts", path)
        .addOption(colorOption())
        .option("-n, --rows <N>", "show the N largest regions and processes", count, 20),
    ),
  ).addHelpText("after", EXAMPLES);

async function run(
  options: Options,
  [interval, windows]: [number | undefined, number | undefined],
  invocation: Invocation,
): Promise<number> {
  const curve = curveWindows(options, interval);
  if (
    options.zram !== undefined &&
    (typeof options.method === "string" || !options.method.includes("refault"))
  )
    throw new UserError("--zram is swap for --method refault, which is not asked for");
  const { command, signal, interrupted } = invocation;
  if (command !== null && command.length === 0) throw new UserError("no command after --");
  const choices = ["-p PID", "-g CGROUP"];
  const target = await resolveTarget({ ...options, ...(command === null ? {} : { command }) }, choices);
  let zram: ZramSwap | null = null;
  try {
    if (options.zram !== undefined) zram = await addZramSwap(Math.floor(options.zram / MIB));
    const view = openWssViews(options, invocation);
    let failed = false;
    let measured = false;
    const records = measureWss({
      target,
      method: options.method,
      interval: curve?.[0] ?? interval ?? 1,
      windows: curve,
      count: windows ?? null,
      duration: options.duration ?? null,
      regions: options.regions ?? false,
      limit: options.limit ?? false,
      flush: options.flush ?? false,
      force: options.force ?? false,
      signal,
    });
    for await (const moment of records) {
      for (const record of moment) {
        failed ||= record.type === "error";
        measured ||= record.type === "sample" || record.type === "point";
        tell(record, options, invocation);
        view.take(record);
      }
      view.flush();
    }
    view.end();
    if (!measured) invocation.warn("nothing was measured: the target ended within the first window");
    if (target.command === null) return failed ? EXIT.failed : EXIT.ok;
    const status = await Promise.race([target.command.ended, interrupted()]);
    return failed ? EXIT.failed : status;
  } finally {
    await zram?.close();
    await target.command?.release();
  }
}

/** The windows of --curve; null without it. @throws UserError */
function curveWindows({ curve, regions, limit, method }: Options, shortest = SHORTEST_S): number[] | null {
  if (curve === undefined) return null;
  if (method === "all" || (method !== "auto" && method.includes("damon")))
    throw new UserError("--curve reads a window several times, which DAMON cannot: name other methods");
  if (regions || limit)
    throw new UserError(
      `${regions ? "--regions" : "--limit"} goes with windows of one length, not with --curve`,
    );
  const longest = curve === true ? LONGEST_S : curve;
  if (longest <= shortest)
    throw new UserError(`option '--curve': LONGEST must be more than the shortest window, ${shortest} s`);
  return windowsOf(shortest, longest);
}

/** Status lines for people, on standard error. */
function tell(record: WssRecord, { verbose }: Options, { warn }: Invocation): void {
  if (record.type === "error") warn(record.message);
  if (record.type === "refused") warn(`${record.method}: ${record.reason}: left out`);
  if (record.type !== "start") return;
  for (const text of record.degraded) warn(text);
  if (verbose) warn(`methods: ${record.methods.join(", ")}: ${record.why}`);
}

/** wss as a tool: its options, and what it does. */
export const WSS: Tool = {
  name: "wss",
  describe,
  run: (program, invocation) =>
    run(
      program.opts<Options>(),
      program.processedArgs as [number | undefined, number | undefined],
      invocation,
    ),
};
