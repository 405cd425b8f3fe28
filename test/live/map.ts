import type {
  FunctionRecord,
  HeatRecord,
  MapRecord,
  MapSummaryRecord,
  RegionRecord,
  StackRecord,
} from "../../lib/metric/map-record.ts";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { type Program, rest, start, writable } from "../helpers-c/programs.ts";
import { CannotRun, field } from "../helpers-c/section.ts";

/** What pgfaultmap -j said of one process, and what that said of itself. */
export interface Mapped {
  pid: number;
  regions: RegionRecord[];
  functions: FunctionRecord[];
  stacks: StackRecord[];
  heat: HeatRecord;
  summary: MapSummaryRecord;
  said: Record<string, unknown>;
}

type Counted = Pick<RegionRecord, "minor" | "major">;
export const faultsOf = ({ minor, major }: Counted): number => minor + major;
export const sum = (records: readonly Counted[]): number =>
  records.reduce((total, record) => total + faultsOf(record), 0);

const TOOL = ["--import", "tsx", `${ROOT}/scripts/pgfaultmap.ts`, "-j"];

/** The section of a workload between idle edges, mapped by pgfaultmap -p. */
export async function mapSection(workload: string, args: string[], ...options: string[]): Promise<Mapped> {
  return mapProgram(start(workloadPath(workload), ["-w", ...args]), options);
}

/** Something else that looks at the section. */
type Beside = (pid: number) => Promise<{ stop(): Promise<void> }>;

/** The same of a program that was started; `meanwhile` is called when it is ready. */
export async function mapProgram(program: Program, options: string[], meanwhile?: Beside): Promise<Mapped> {
  try {
    const ready = await program.line();
    if (ready === null) throw new CannotRun((await program.end).stderr.trim());
    const pid = Number(field(JSON.parse(ready), "pid"));
    const beside = await meanwhile?.(pid);
    const tool = await startMap([...options, "-p", String(pid)]);
    writable(program, 0).write("x");
    const done = await program.line();
    if (done === null) throw new CannotRun((await program.end).stderr.trim());
    await beside?.stop();
    tool.process.kill("SIGINT");
    const records = await recordsOf(tool);
    writable(program, 0).write("x");
    const [said] = await rest(program);
    return { pid, ...ofProcess(records, pid), said: JSON.parse(said ?? "null") };
  } finally {
    program.process.kill("SIGKILL");
  }
}

/** A command mapped from its first instruction; the process that is no child. */
export async function mapCommand(argv: string[], ...options: string[]): Promise<Omit<Mapped, "said">> {
  const records = await recordsOf(start("node", [...TOOL, ...options, "--", ...argv]));
  const [head] = records;
  if (head?.type !== "start") throw new Error("no start record");
  const [pid = 0] = head.pids;
  return { pid, ...ofProcess(records, pid) };
}

/** pgfaultmap -j on what the options say, from when it is attached on. */
export async function startMap(options: string[]): Promise<Program> {
  const tool = start("node", [...TOOL, ...options]);
  const head = await tool.line();
  if (head === null) throw new Error((await tool.end).stderr);
  return { ...tool, line: firstOf(head, tool.line) };
}

/** A line that was read already, then the rest. */
function firstOf(head: string, next: Program["line"]): Program["line"] {
  let first: string | null = head;
  return async () => {
    const line = first ?? (await next());
    first = null;
    return line;
  };
}

export async function recordsOf(tool: Program): Promise<MapRecord[]> {
  const lines = await rest(tool);
  const { code, stderr } = await tool.end;
  if (code !== 0) throw new Error(`pgfaultmap ended with ${code}: ${stderr}`);
  return lines.map((line) => JSON.parse(line) as MapRecord);
}

function ofProcess(records: readonly MapRecord[], pid: number): Omit<Mapped, "said" | "pid"> {
  const regions = records.filter((r): r is RegionRecord => r.type === "region" && r.pid === pid);
  const functions = records.filter((r): r is FunctionRecord => r.type === "function" && r.pid === pid);
  const stacks = records.filter((r): r is StackRecord => r.type === "stack" && r.pid === pid);
  const heat = records.find((r): r is HeatRecord => r.type === "heat" && r.pid === pid);
  const summary = records.find((r): r is MapSummaryRecord => r.type === "summary" && r.pid === pid);
  if (heat === undefined || summary === undefined) throw new Error(`nothing of process ${pid}`);
  return { regions, functions, stacks, heat, summary };
}
