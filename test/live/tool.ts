import type { FaultRecord, SampleRecord, StartRecord, SummaryRecord } from "../../lib/metric/record.ts";
import { ROOT } from "../../lib/paths.ts";
import { type Program, start } from "../helpers-c/programs.ts";

/** In the test guest the tool is a bundle in this directory: tsx would need half a minute to start. */
const { GUEST_TOOLS } = process.env;

/** How node starts a tool. */
export const toolCommand = (name: "pgfaultmap" | "pgfaultstat" | "report" | "wss"): string[] =>
  GUEST_TOOLS === undefined
    ? ["--import", "tsx", `${ROOT}/scripts/${name}.ts`]
    : [`${GUEST_TOOLS}/${name}.mjs`];

/** What a run of pgfaultstat -j said, and how it ended. */
export interface ToolRun {
  start: StartRecord;
  samples: SampleRecord[];
  summaries: SummaryRecord[];
  errors: string[];
  status: number | null;
  stderr: string;
}

/** A running pgfaultstat -j that has attached. */
export interface RunningTool {
  pid: number;
  /** Ctrl-C, then its end. */
  stop(): Promise<ToolRun>;
  /** Its own end. */
  ended(): Promise<ToolRun>;
}

/** Starts pgfaultstat -j and waits for its start record, which it prints once it has attached. */
export async function startTool(...args: string[]): Promise<RunningTool> {
  const program = start("node", [...toolCommand("pgfaultstat"), "-j", ...args]);
  const first = await program.line();
  if (first === null) throw new Error(`pgfaultstat ended: ${(await program.end).stderr}`);
  const ended = (): Promise<ToolRun> => collect(program, first);
  return {
    pid: program.pid,
    ended,
    stop: () => {
      program.process.kill("SIGINT");
      return ended();
    },
  };
}

/** Runs it to its own end. */
export const runTool = async (...args: string[]): Promise<ToolRun> => (await startTool(...args)).ended();

async function collect(program: Program, first: string): Promise<ToolRun> {
  const records: FaultRecord[] = [JSON.parse(first)];
  for (let line = await program.line(); line !== null; line = await program.line()) {
    records.push(JSON.parse(line));
  }
  const { code, stderr } = await program.end;
  const [head] = records;
  if (head?.type !== "start") throw new Error(`the first record is no start: ${first}`);
  return {
    start: head,
    samples: records.filter((record): record is SampleRecord => record.type === "sample"),
    summaries: records.filter((record): record is SummaryRecord => record.type === "summary"),
    errors: records.flatMap((record) => (record.type === "error" ? [record.message] : [])),
    status: code,
    stderr,
  };
}

/** The summary of a process; a run without one fails by name. */
export function summaryOf(run: ToolRun, pid: number): SummaryRecord {
  const found = run.summaries.find((summary) => summary.pid === pid);
  if (found === undefined) throw new Error(`no summary of ${pid}: ${run.stderr}${run.errors.join()}`);
  return found;
}

/** The figures of the books alone, to compare whole. */
export const figures = ({ minor, major, failed, untraced, edge, unexplained, lost }: SummaryRecord) => ({
  minor,
  major,
  failed,
  untraced,
  edge,
  unexplained,
  lost,
});

/** The samples of a process add up to its summary. */
export function sampled(run: ToolRun, pid: number): { minor: number; major: number } {
  const own = run.samples.filter((sample) => sample.pid === pid);
  const sum = (value: (sample: SampleRecord) => number): number =>
    own.reduce((total, s) => total + value(s), 0);
  return { minor: sum((s) => s.minor), major: sum((s) => s.major) };
}

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
