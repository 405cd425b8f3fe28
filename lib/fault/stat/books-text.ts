import type { SummaryRecord } from "../../metric/record.ts";
import { histogramLines } from "../../term/histogram.ts";
import { type Column, headerLine, printable, rowLine, wrap } from "../../term/table.ts";
import { formatCount, formatDigits, formatNs, formatShare } from "../../term/units.ts";

/** Up to this many processes have their books written out; more get a line each. */
export const FEW = 3;

/** One sentence on whether the two sides agree. */
export function booksVerdict(summary: SummaryRecord): string {
  const { kernelMinor, kernelMajor, edge, unexplained, untraced, family } = summary;
  if (family) return "its children are counted in: the kernel has no one sum to compare that with";
  if (kernelMinor === null || kernelMajor === null || edge === null) {
    return "the kernel's own counters are unknown: it ended and nobody saw its last ones";
  }
  const kernel = `the kernel counted ${formatDigits(kernelMinor)} minor and ${formatDigits(kernelMajor)} major`;
  if (untraced === null) return `${kernel}: how much of it the source missed when it died is unknown`;
  if (unexplained !== null && unexplained > 0) {
    return `${kernel}: ${formatDigits(unexplained)} traced faults are not explained by it`;
  }
  if (edge > 0) return `${kernel}: they balance within the edge of ${formatDigits(edge)}`;
  return `${kernel}: the books balance exactly`;
}

/** What the summary says of one process, line by line. */
export function bookLines(summary: SummaryRecord): string[] {
  const entry = (name: string, value: number | null, meaning: string): string =>
    `  ${name.padEnd(9)} ${formatDigits(value).padStart(13)}  ${meaning}`;
  const lines = [
    `${printable(summary.comm, 15)} (pid ${summary.pid}), ${summary.seconds.toFixed(2)} s${summary.exited ? ", it ended" : ""}`,
    entry("minor", summary.minor, "found their page in memory"),
    entry("major", summary.major, "waited for it"),
    entry("failed", summary.failed, "ended in a signal or an error"),
    entry("untraced", summary.untraced, "in system calls: populate, mlock, direct I/O, exec"),
    entry("lost", summary.lost, "events that the source lost"),
    entry("edge", summary.edge, edgeMeaning(summary.edge)),
    ...wrap(booksVerdict(summary), 77).map((line) => `  ${line}`),
  ];
  return [...lines, ...latencyLines(summary), ...typeLines(summary)];
}

function edgeMeaning(edge: number | null): string {
  if (edge === null) return "there is no closing reading";
  return edge === 0 ? "both windows are exact" : "may have fallen between two readings";
}

function latencyLines(summary: SummaryRecord): string[] {
  const { latency, histogram, faultShare } = summary;
  if (latency === undefined) return [];
  const lines: string[] = [];
  const faults = { minor: summary.minor, major: summary.major };
  for (const fault of ["minor", "major"] as const) {
    const { count, p50Ns, p90Ns, p99Ns, maxNs } = latency[fault];
    if (count === 0) continue;
    const of =
      count < faults[fault] ? `${formatDigits(count)} of ${formatDigits(faults[fault])} timed` : "all timed";
    lines.push(
      "",
      `  ${fault} fault latency: p50 ${formatNs(p50Ns)}, p90 ${formatNs(p90Ns)}, p99 ${formatNs(p99Ns)}, max ${formatNs(maxNs)}`,
      `  (${of}; below in ns)`,
      ...histogramLines(histogram ?? [], fault).map((line) => `  ${line}`),
    );
  }
  if (faultShare !== undefined)
    lines.push("", `  share of run time spent in faults: ${formatShare(faultShare)}`);
  return lines;
}

function typeLines(summary: SummaryRecord): string[] {
  const { types } = summary;
  if (types === undefined || types === null) return [];
  const all = types.user + types.kernel;
  const share = (n: number): string => `${formatCount(n)} (${formatShare(all === 0 ? null : n / all)})`;
  return [
    "",
    `  accesses: read ${share(types.read)}, write ${share(types.write)},`,
    `            execute ${share(types.execute)}, copy-on-write ${share(types.copyOnWrite)};`,
    `            user mode ${share(types.user)}, kernel mode ${share(types.kernel)}`,
  ];
}

const COLUMNS: Column<SummaryRecord>[] = [
  { title: "PID", width: 7, value: (s) => String(s.pid) },
  { title: "minor", width: 9, value: (s) => formatCount(s.minor, 9) },
  { title: "major", width: 7, value: (s) => formatCount(s.major, 7) },
  { title: "failed", width: 6, value: (s) => formatCount(s.failed, 6) },
  { title: "untraced", width: 8, value: (s) => formatCount(s.untraced, 8) },
  { title: "lost", width: 4, value: (s) => formatCount(s.lost, 4) },
  { title: "edge", width: 6, value: (s) => formatCount(s.edge, 6) },
  { title: "unexpl", width: 6, value: (s) => formatCount(s.unexplained, 6) },
  { title: "COMMAND", width: 15, align: "left", value: (s) => printable(s.comm, 15) },
];

/** The books of many processes, a line each. */
export const bookTable = (summaries: readonly SummaryRecord[]): string[] => [
  headerLine(COLUMNS),
  ...summaries.map((summary) => rowLine(COLUMNS, summary)),
];
