import type { WssLimitRecord } from "../../metric/wss-limit-record.ts";
import { PAGE_SIZE } from "../../procfs/pid-stat.ts";
import { printable } from "../../term/table.ts";
import { formatBytes, formatDigits, formatShare } from "../../term/units.ts";

/** Headroom below this share of the limit is tight: a peak between two windows may take it. */
const TIGHT = 0.1;
/** A working set of which so much is brought back each second does not fit. */
const THRASHES = 0.02;

type Measured = Omit<WssLimitRecord, "type" | "verdict" | "fits">;

/** Pages of the processes that came back from eviction. Those of a whole machine are theirs only if they waited for them. */
function ownRefaults({ witnesses }: Measured): number | null {
  const { refaultAnon, refaultFile, refaultsOf, major } = witnesses;
  if (refaultsOf === null) return null;
  const all = (refaultAnon ?? 0) + (refaultFile ?? 0);
  return refaultsOf === "cgroup" ? all : major === null ? null : Math.min(all, major);
}

/**
 * What is left of the limit. Pages of files that another cgroup brought in are charged to that: what was never charged
 * here takes nothing of this limit, however much of it is touched. The machine charges no pages of files at all.
 */
const spareOf = ({ cgroup, headroom, limit, chargedMost }: Measured): number =>
  cgroup === null ? headroom : Math.max(headroom, limit - chargedMost);

/** Whether it fits, and why, in plain words. */
export function judge(limit: Measured): Pick<WssLimitRecord, "fits" | "verdict"> {
  const refaults = ownRefaults(limit);
  const { wssHigh, seconds, witnesses } = limit;
  const spare = spareOf(limit);
  const perSecond = seconds > 0 && refaults !== null ? refaults / seconds : 0;
  const oom = witnesses.oomKills ?? 0;
  if (oom > 0 || perSecond * PAGE_SIZE > THRASHES * Math.max(wssHigh, 1)) {
    const proofs = [
      ...(oom > 0 ? [`${oom} OOM ${oom === 1 ? "kill" : "kills"}`] : []),
      ...(perSecond > 0
        ? [`${formatDigits(perSecond)} pages a second were evicted and had to come back`]
        : []),
    ];
    return said(limit, "no", `does not fit into ${limitText(limit)}: ${proofs.join(", ")}`);
  }
  const room = `${formatBytes(Math.max(0, spare))} of ${limitText(limit)} to spare`;
  if (refaults === null && witnesses.major === null)
    return said(
      limit,
      "unknown",
      `may fit, with ${room}, but nothing here tells whether pages had to come back: the kernel counts no refaults`,
    );
  const few =
    refaults !== null && refaults > 0 ? `, and ${formatDigits(refaults)} pages had to come back` : "";
  if (spare < TIGHT * limit.limit) return said(limit, "tight", `fits tightly, with ${room}${few}`);
  return said(limit, "room", `fits, with ${room}${few}`);
}

function limitText({ limit, what, cgroup }: Measured): string {
  return cgroup === null ? `the machine's ${formatBytes(limit)}` : `the ${formatBytes(limit)} of ${what}`;
}

function said(limit: Measured, fits: WssLimitRecord["fits"], text: string) {
  const { pids, comms, wssHigh, rss, others, witnesses, chargedMost, headroom } = limit;
  const [comm = "", pid] = [comms[0], pids[0]];
  const who =
    pids.length === 1 ? `${printable(comm, 15)} (pid ${pid})` : `Together, ${pids.length} processes:`;
  const facts = [
    `touched are at most ${formatBytes(wssHigh)}, resident ${formatBytes(rss)}`,
    ...(spareOf(limit) > headroom
      ? [`charged there were at most ${formatBytes(chargedMost)}: the rest counts for another cgroup`]
      : [`others hold ${formatBytes(others)}`]),
    ...(witnesses.major ? [`${formatDigits(witnesses.major)} major faults`] : []),
    ...(witnesses.hits ? [`the limit was hit ${formatDigits(witnesses.hits)} times`] : []),
    ...(witnesses.pressure !== null && witnesses.pressure >= 0.01
      ? [`tasks waited for memory ${formatShare(witnesses.pressure)} of the time`]
      : []),
  ];
  return { fits, verdict: `${who} ${text}. ${capital(facts.join("; "))}.` };
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
