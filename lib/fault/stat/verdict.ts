import type { StartRecord, SummaryRecord } from "../../metric/record.ts";
import { printable } from "../../term/table.ts";
import { formatDigits, formatNs, formatRate, formatShare } from "../../term/units.ts";

/** A share of major faults from which the disk or swap is worth a look; and of run time spent in faults. */
const MANY_MAJOR_PER_S = 10;
const MANY_MAJOR = 100;
const MUCH_TIME = 0.1;
const BUSY_PER_S = 10_000;

/** One plain sentence on what the run saw. */
export function verdict(start: StartRecord, summaries: readonly SummaryRecord[]): string {
  const minor = sum(summaries, (s) => s.minor);
  const major = sum(summaries, (s) => s.major);
  const seconds = Math.max(...summaries.map((s) => s.seconds));
  const who =
    summaries.length === 1 && summaries[0] !== undefined
      ? `${printable(summaries[0].comm, 15)} (pid ${summaries[0].pid})`
      : `${summaries.length} processes`;
  if (minor + major === 0) {
    return `${who} took no page fault in ${seconds.toFixed(1)} s: all the memory touched was already mapped.`;
  }
  const took = `${who} took ${formatDigits(minor)} minor and ${formatDigits(major)} major page faults in ${seconds.toFixed(1)} s`;
  return `${took}: ${judgement({ minor, major, seconds, summaries, latency: start.latency })}.`;
}

interface Seen {
  minor: number;
  major: number;
  seconds: number;
  summaries: readonly SummaryRecord[];
  latency: boolean;
}

function judgement({ minor, major, seconds, summaries, latency }: Seen): string {
  const one = summaries.length === 1;
  const [it, its, touches] = one ? ["it", "its", "touches"] : ["they", "their", "touch"];
  const share = one ? (summaries[0]?.faultShare ?? null) : null;
  const cost = share === null ? "" : `, ${formatShare(share)} of ${its} run time`;
  const perSecond = seconds > 0 ? major / seconds : 0;
  if (major >= MANY_MAJOR && perSecond >= MANY_MAJOR_PER_S) {
    const p50 = summaries.length === 1 ? summaries[0]?.latency?.major.p50Ns : null;
    const wait = latency && p50 ? `, half of them longer than ${formatNs(p50).replace(/[num]$/, "$&s")}` : "";
    return `${it} waited for pages ${formatRate(perSecond)} times a second${wait}${cost}: look at swap and at cold files`;
  }
  if (share !== null && share >= MUCH_TIME)
    return `faults cost it ${formatShare(share)} of its run time: new memory is touched at a high rate`;
  if (minor >= BUSY_PER_S && minor / seconds >= BUSY_PER_S)
    return `${it} ${touches} new memory at a high rate${cost}, hardly any of it from disk`;
  return major === 0 ? `none waited for a disk${cost}` : `few waited for a disk${cost}`;
}

const sum = (summaries: readonly SummaryRecord[], value: (s: SummaryRecord) => number): number =>
  summaries.reduce((total, summary) => total + value(summary), 0);
