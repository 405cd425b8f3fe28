import type { FaultRecord, StartRecord } from "../metric/record.ts";

const CUT = "the recording ends without a summary: the run was killed; sums are those of its samples";
const EMPTY = "the recording holds no sample and no summary: the run was killed, or nothing was counted";

interface Total {
  comm: string;
  minor: number;
  major: number;
  time: number;
}

/** What a run that was killed could not write: a note, and a summary for each process that has none. */
export function missingEnd(start: StartRecord, records: readonly FaultRecord[]): FaultRecord[] {
  const totals = new Map<number, Total>();
  for (const record of records) {
    if (record.type !== "sample") continue;
    const { pid, tid = pid, time } = record;
    const known = totals.get(pid);
    totals.set(pid, {
      // a thread may have a name of its own
      comm: tid === pid || known === undefined ? record.comm : known.comm,
      minor: (known?.minor ?? 0) + record.minor,
      major: (known?.major ?? 0) + record.major,
      time,
    });
  }
  const time = Math.max(start.time, ...[...totals.values()].map((total) => total.time));
  const isEmpty = totals.size === 0 && !records.some((record) => record.type === "summary");
  for (const record of records) if (record.type === "summary") totals.delete(record.pid);
  if (totals.size === 0 && !isEmpty) return [];
  const summaries = [...totals].map(([pid, total]) => summaryOf(start, pid, { ...total, time }));
  return [{ type: "error", time, message: isEmpty ? EMPTY : CUT }, ...summaries];
}

const summaryOf = (start: StartRecord, pid: number, { comm, minor, major, time }: Total): FaultRecord => ({
  type: "summary",
  time,
  pid,
  comm,
  seconds: time - start.time,
  minor,
  major,
  failed: null,
  kernelMinor: null,
  kernelMajor: null,
  untraced: null,
  edge: null,
  unexplained: null,
  lost: null,
  exited: false,
  endedBy: "failure",
  exitStatus: null,
});
