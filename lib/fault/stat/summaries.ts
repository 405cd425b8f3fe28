import type { EndedBy, SummaryRecord } from "../../metric/record.ts";
import { isDead } from "../../procfs/pid-stat.ts";
import type { ExitCounts, TaskCounts } from "../../source/source.ts";
import { balance } from "../books.ts";
import { faultSeconds, histogram, summarize } from "../latency.ts";
import { accessTypes } from "../types.ts";
import type { KernelWindow } from "./kernel-window.ts";
import type { SampleMaker } from "./samples.ts";
import type { SessionOptions } from "./session.ts";

export interface Ending {
  options: SessionOptions;
  window: KernelWindow;
  samples: SampleMaker;
  exits: ReadonlyMap<number, ExitCounts>;
  by: EndedBy;
  lost: number | null;
  family: boolean;
  time: number;
}

/** A summary for each process that was counted, with its books. */
export async function summaries(ending: Ending): Promise<SummaryRecord[]> {
  const { options, window, samples, exits, by, lost, time } = ending;
  const { command } = options.target;
  const status = command === null ? null : await Promise.race([command.ended, null]);
  return [...samples.totals()].map(([pid, total]) => {
    const exit = exits.get(pid) ?? null;
    const closing = window.closing(pid, exit);
    const end = ending.family ? null : closing.end;
    const stat = samples.statOf(pid);
    const books = balance({ ...total, underWay: closing.threads }, window.start(pid), end);
    const summary: SummaryRecord = {
      type: "summary",
      time,
      pid,
      comm: samples.nameOf(pid) || window.commOf(pid) || exit?.comm || "",
      seconds: time - samples.startTime,
      minor: total.minor,
      major: total.major,
      ...books,
      ...(ending.family ? { family: true as const } : {}),
      lost,
      exited: stat === null || isDead(stat),
      endedBy: by,
      exitStatus: pid === command?.pid ? status : null,
    };
    if (options.latency && total.latency !== null) {
      const { minor, major } = total.latency;
      summary.latency = { minor: summarize(minor), major: summarize(major) };
      summary.histogram = histogram(total.latency);
      summary.faultShare = faultShare(total, closing.runSeconds);
    }
    if (options.types) summary.types = total.types === null ? null : accessTypes(total.types);
    return summary;
  });
}

/** Shorter runs cannot be told from 0 with CPU times in steps of 10 ms. */
const SHORTEST_RUN_S = 0.05;

/** Share of the run time, CPU time and waiting for major faults, that was spent in faults. */
function faultShare(total: TaskCounts, runSeconds: number | null): number | null {
  if (total.latency === null || runSeconds === null) return null;
  const major = faultSeconds(total.latency.major, total.major);
  const spent = faultSeconds(total.latency.minor, total.minor) + major;
  const run = runSeconds + major;
  return run < SHORTEST_RUN_S ? null : Math.min(1, spent / run);
}
