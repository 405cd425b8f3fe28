import type { RegionRecord } from "../../metric/map-record.ts";
import type { Traced } from "./collector.ts";
import type { Region } from "./region.ts";

const PAGE = 4096;
/** fault_around_bytes of the kernel's default: so many pages one file fault may map. */
const FAULT_AROUND = 16;

/** The regions of a process that faulted, busiest first. */
export function regionRecords({ pid, space, unmapped }: Traced): RegionRecord[] {
  return [...space.regions, unmapped]
    .filter((region) => region.faults > 0)
    .sort((a, b) => b.faults - a.faults || a.start - b.start)
    .map((region) => recordOf(pid, region));
}

function recordOf(pid: number, region: Region): RegionRecord {
  const size = (region.end - region.start) / PAGE;
  const around = region.kind === "file" || region.kind === "shmem" ? FAULT_AROUND : 1;
  const { pattern, order, stride, confidence, evidence, pages, refaults, phases } = region.pattern.verdict(
    Math.max(size, 1),
    around,
  );
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
    touchedShare: size > 0 ? Math.min(1, pages / size) : null,
    refaults,
    pattern,
    order,
    stride,
    confidence,
    evidence,
    phases,
    vanished: region.vanished,
  };
}

const hex = (address: number): string => `0x${address.toString(16)}`;
