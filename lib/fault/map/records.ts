import type { HugePages } from "../../kernel/thp.ts";
import type { MapSummaryRecord, OthersRecord, RegionRecord } from "../../metric/map-record.ts";
import type { EndedBy } from "../../metric/record.ts";
import type { Books } from "../books.ts";
import type { Collector } from "./collector.ts";
import { costFields } from "./cost.ts";
import type { Region } from "./region.ts";
import { faultsOf, type Told, type Traced } from "./traced.ts";
import { verdictOf } from "./verdict.ts";

const PAGE = 4096;
/** fault_around_bytes of the kernel's default: so many pages one file fault may map. */
const FAULT_AROUND = 16;

export function toldOf(traced: Traced, { startedAt }: Pick<Collector, "startedAt">): Told {
  if (traced.told !== null) {
    const { told } = traced;
    return { ...told, heat: { ...told.heat, time: startedAt } };
  }
  const regions = traced.space.regions.filter(({ faults }) => faults > 0);
  return {
    regions: regionRecords(traced.pid, regions),
    heat: traced.heat.record(traced.pid, startedAt),
    cost: costFields(regions.map(({ cost }) => cost)),
    names: new Map(regions.map(({ id, name, start }) => [id, { name, start }])),
  };
}

/** How the recording ended, and what the kernel's counters said then. */
export interface Closing {
  comm: string;
  time: number;
  seconds: number;
  books: Books;
  endedBy: EndedBy;
  exitStatus: number | null;
  /** Which memory may get huge pages there; null where that is not known. */
  huge: HugePages | null;
}

/** @param told of the same process */
export function summaryRecord(
  traced: Traced,
  told: Told,
  lost: number | null,
  { books, huge, ...closing }: Closing,
): MapSummaryRecord {
  const { pid, minor, major } = traced;
  return {
    type: "summary",
    pid,
    faults: minor + major,
    minor,
    major,
    ...books,
    lost,
    ...told.cost,
    verdict: verdictOf(traced, told.regions, huge),
    ...closing,
  };
}

/** The processes that something is told of, busiest first: that faulted, or that were asked for. */
export const toldProcesses = (collector: Collector, asked: readonly number[]): Traced[] =>
  collector
    .all()
    .filter((traced) => faultsOf(traced) > 0 || asked.includes(traced.pid))
    .sort((a, b) => faultsOf(b) - faultsOf(a) || a.pid - b.pid);

/** What there were too many of to be told one by one; none where all are. */
export function othersRecords({ departed: { others } }: Collector): OthersRecord[] {
  return others.processes === 0 ? [] : [{ type: "others", ...others }];
}

/** Busiest first. */
function regionRecords(pid: number, regions: readonly Region[]): RegionRecord[] {
  return regions
    .toSorted((a, b) => b.faults - a.faults || a.start - b.start)
    .map((region) => recordOf(pid, region));
}

function recordOf(pid: number, region: Region): RegionRecord {
  const size = (region.end - region.start) / PAGE;
  const around = region.kind === "file" || region.kind === "shmem" ? FAULT_AROUND : 1;
  const verdict = region.verdict(Math.max(size, 1), around);
  const { pattern, order, stride, confidence, evidence, phases } = verdict;
  const pages = verdict.pages + region.absorbed.pages;
  return {
    type: "region",
    pid,
    start: hex(region.start),
    end: hex(region.end),
    permissions: region.permissions,
    kind: region.kind,
    path: region.path.startsWith("/") ? region.path : null,
    fileOffset: region.inode === 0 ? null : region.fileOffset,
    name: region.name,
    minor: region.minor,
    major: region.major,
    pages,
    // unmapped memory reaches as far as its faults: all of it has been touched, whatever it was
    touchedShare: size > 0 && region.kind !== "unmapped" ? Math.min(1, pages / size) : null,
    refaults: verdict.refaults + region.absorbed.refaults,
    pattern,
    order,
    stride,
    confidence,
    evidence,
    phases,
    ...costFields([region.cost]),
    mappings: region.isCounted ? null : region.mappings,
    vanished: region.vanished,
  };
}

const hex = (address: number): string => `0x${address.toString(16)}`;
