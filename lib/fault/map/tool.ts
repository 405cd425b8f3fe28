import { type Command, Option } from "commander";
import { EXIT, UserError } from "../../cli/error.ts";
import { colorOption, withDuration, withRecording, withTarget } from "../../cli/options.ts";
import type { Invocation, Tool } from "../../cli/run.ts";
import { count, path } from "../../cli/values.ts";
import type { MapRecord } from "../../metric/map-record.ts";
import { RECORDERS, type RecorderName } from "../../source/recorders.ts";
import { resolveTarget } from "../../target/target.ts";
import type { View } from "../../views/view.ts";
import { liveView } from "./live.ts";
import { mapRecording } from "./offline.ts";
import { MapRecording } from "./recording.ts";
import { mapFaults } from "./session.ts";
import { type MapOutputOptions, openMapViews } from "./views.ts";

const EXAMPLES = `
Examples:
  pgfaultmap -p 1234 -d 10         where process 1234 faults, for ten seconds
  pgfaultmap -- sort big.txt       a command, from its first instruction
  pgfaultmap -f -j -- make         its children too, as NDJSON
  pgfaultmap -a -d 10              all processes, for ten seconds
  pgfaultmap --light -p 1234       at the least cost to it: without who faults
  pgfaultmap --via bpftrace -- ./a counts by page: without order, nor who faults
  pgfaultmap --from perf.data      a recording of perf record -c 1 -d
  pgfaultmap -s out.folded -- ./a  who faults: for flamegraph.pl or speedscope
`;

interface Options extends MapOutputOptions {
  pid?: number[];
  follow?: true;
  cgroup?: string;
  all?: true;
  duration?: number;
  latency?: true;
  types?: true;
  pageSizes?: true;
  eachMapping?: true;
  light?: true;
  via: RecorderName | "auto";
  from?: string;
  output?: string;
}

const describe = (program: Command): Command =>
  withRecording(
    withDuration(withTarget(program))
      .description("Shows in which mappings a process faults, how often, and in what order.")
      .usage("[options] [-- COMMAND...]")
      .optionsGroup("Target (one of -p, -g, -a, or -- COMMAND):")
      .option("--from <FILE>", "read a perf.data file; -p PID then chooses among its processes", path)
      .optionsGroup("Measurement:")
      .option("-l, --latency", "and how long the faults of each region take")
      .option("--types", "and what they are: reads, writes, execution, copy-on-write (x86)")
      .option("-P, --page-sizes", "tell walks over huge pages, at a tenth more of cost")
      .option("--light", "least cost to the target: no functions, times to a fiftieth of a second")
      .addOption(
        new Option("--via <SOURCE>", "record through; auto takes the first that attaches")
          .choices(["auto", ...RECORDERS])
          .default("auto"),
      )
      .option("-s, --stacks <FILE>", "record call chains too, and write them as folded stacks", path)
      .option("--each-mapping", "a row for each mapping, also where several of one file lie side by side")
      .optionsGroup("Output:")
      .option("-j, --json", "print records as NDJSON instead of tables")
      .option("--csv <FILE>", "write the regions as CSV", path)
      .option("--html <FILE>", "write a self-contained page with the heat map", path)
      .addOption(colorOption())
      .option("-n, --rows <N>", "show the N busiest processes, and regions of each", count, 20)
      .addHelpText("after", EXAMPLES),
  );

async function run(options: Options, invocation: Invocation): Promise<number> {
  const { command, signal, interrupted } = invocation;
  if (options.from !== undefined) return runOffline(options.from, options, invocation);
  refuseUntold(options);
  if (command !== null && command.length === 0) throw new UserError("no command after --");
  const target = await resolveTarget({ ...options, ...(command === null ? {} : { command }) });
  try {
    const { output, via } = options;
    const tap = output === undefined ? null : new MapRecording(output);
    const session = mapFaults({
      target,
      duration: options.duration ?? null,
      latency: options.latency ?? false,
      types: options.types ?? false,
      pageSizes: options.pageSizes ?? false,
      light: options.light ?? false,
      tap,
      live: liveView(options, invocation.out),
      via: options.stacks === undefined && options.light === undefined ? via : "faultrec",
      stacks: options.stacks !== undefined,
      eachMapping: options.eachMapping ?? false,
      signal,
    });
    const failed = await show(session, options, invocation, tap === null ? [] : [tap]);
    if (target.command === null) return failed ? EXIT.failed : EXIT.ok;
    const status = await Promise.race([target.command.ended, interrupted()]);
    return failed ? EXIT.failed : status;
  } finally {
    await target.command?.release();
  }
}

/** What a recorder that was asked for by name cannot tell. */
const UNTOLD: Partial<Record<RecorderName | "auto", readonly (keyof Options)[]>> = {
  perf: ["latency", "types", "stacks", "light"],
  bpftrace: ["latency", "types", "stacks", "light", "pageSizes", "output"],
};
const LETTERS: Partial<Record<keyof Options, string>> = {
  ...{ latency: "-l", types: "--types", stacks: "-s", pageSizes: "-P", output: "-o" },
  ...{ light: "--light", all: "-a", cgroup: "-g" },
};

/** What needs more of each fault than its address. */
const HEAVY = ["latency", "types", "stacks", "pageSizes", "all", "cgroup"] as const;

/** @throws UserError for what the recorder asked for cannot tell */
function refuseUntold(options: Options): void {
  const { via, light } = options;
  const refused = UNTOLD[via]?.find((name) => options[name] !== undefined);
  if (refused !== undefined)
    throw new UserError(
      `${LETTERS[refused]} needs what faultrec tells: it cannot be combined with --via ${via}`,
    );
  const heavy = light && HEAVY.find((name) => options[name] !== undefined);
  if (heavy) throw new UserError(`--light leaves out what ${LETTERS[heavy]} needs: they cannot be combined`);
}

/** @throws UserError also for options that have no meaning for a recording */
async function runOffline(file: string, options: Options, invocation: Invocation): Promise<number> {
  const { duration, pageSizes, via, output, pid, follow, latency, types, stacks } = options;
  const useless = Object.entries({
    "a command": invocation.command !== null,
    "-g": options.cgroup !== undefined,
    "-a": options.all,
    "-d": duration !== undefined,
    "-l": latency,
    "--types": types,
    "-s": stacks !== undefined,
    "-P": pageSizes !== undefined,
    "--light": options.light,
    "--via": via !== "auto",
    "-o": output !== undefined,
    "-f without -p": follow && pid === undefined,
  }).find(([, given]) => given);
  if (useless) throw new UserError(`--from reads a recording: it cannot be combined with ${useless[0]}`);
  const { signal } = invocation;
  const session = mapRecording({
    file,
    pids: pid ?? null,
    follow: follow ?? false,
    eachMapping: options.eachMapping ?? false,
    signal,
  });
  return (await show(session, options, invocation)) ? EXIT.failed : EXIT.ok;
}

/** Shows what a session tells; whether it failed. */
async function show(
  session: AsyncIterable<MapRecord[]>,
  options: Options,
  invocation: Invocation,
  others: readonly View<MapRecord>[] = [],
): Promise<boolean> {
  const view = openMapViews(options, invocation, others);
  let failed = false;
  for await (const moment of session) {
    for (const record of moment) {
      failed ||= record.type === "error";
      tell(record, options, invocation);
      view.take(record);
    }
    view.flush();
  }
  view.end();
  return failed;
}

/** Status lines for people, on standard error. */
function tell(record: MapRecord, { json }: Options, { out, warn }: Invocation): void {
  if (record.type === "error") warn(record.message);
  if (record.type !== "start") return;
  for (const text of record.degraded) warn(text);
  if (out.isTTY && !json && record.source !== "perf.data") warn(`recording ${record.target}, Ctrl-C to end`);
}

/** pgfaultmap as a tool: its options, and what it does. */
export const PGFAULTMAP: Tool = {
  name: "pgfaultmap",
  describe,
  run: (program, invocation) => run(program.opts<Options>(), invocation),
};
