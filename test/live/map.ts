import type { HeatRecord, MapRecord, MapSummaryRecord, RegionRecord } from "../../lib/metric/map-record.ts";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { type Program, rest, start, writable } from "../helpers-c/programs.ts";
import { CannotRun, field } from "../helpers-c/section.ts";

/** What pgfaultmap -j said of one process, and what that said of itself. */
export interface Mapped {
  pid: number;
  regions: RegionRecord[];
  heat: HeatRecord;
  summary: MapSummaryRecord;
  said: Record<string, unknown>;
}

const TOOL = ["--import", "tsx", `${ROOT}/scripts/pgfaultmap.ts`, "-j"];

/** The section of a workload between idle edges, mapped by pgfaultmap -p. */
export async function mapSection(workload: string, args: string[], ...options: string[]): Promise<Mapped> {
  const program = start(workloadPath(workload), ["-w", ...args]);
  try {
    const ready = await program.line();
    if (ready === null) throw new CannotRun((await program.end).stderr.trim());
    const pid = Number(field(JSON.parse(ready), "pid"));
    const tool = start("node", [...TOOL, ...options, "-p", String(pid)]);
    if ((await tool.line()) === null) throw new Error((await tool.end).stderr);
    writable(program, 0).write("x");
    const done = await program.line();
    if (done === null) throw new CannotRun((await program.end).stderr.trim());
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

async function recordsOf(tool: Program): Promise<MapRecord[]> {
  const lines = await rest(tool);
  const { code, stderr } = await tool.end;
  if (code !== 0) throw new Error(`pgfaultmap ended with ${code}: ${stderr}`);
  return lines.map((line) => JSON.parse(line) as MapRecord);
}

function ofProcess(records: readonly MapRecord[], pid: number): Omit<Mapped, "said" | "pid"> {
  const regions = records.filter((r): r is RegionRecord => r.type === "region" && r.pid === pid);
  const heat = records.find((r): r is HeatRecord => r.type === "heat" && r.pid === pid);
  const summary = records.find((r): r is MapSummaryRecord => r.type === "summary" && r.pid === pid);
  if (heat === undefined || summary === undefined) throw new Error(`nothing of process ${pid}`);
  return { regions, heat, summary };
}
