import type { Order, Pattern, PatternEvidence, PatternPhase } from "../fault/pattern/verdict.ts";
import type { EndedBy, ErrorRecord } from "./record.ts";

/** The records of pgfaultmap (docs/output.md): one start, then the regions, busiest first, and a summary for each process. */

export type RegionKind =
  | "heap"
  | "stack"
  | "thread-stack"
  | "anon"
  | "file"
  | "shmem"
  | "jit"
  | "vdso"
  | "other"
  | "unmapped";

export interface MapStartRecord {
  type: "start";
  schema: number;
  tool: string;
  version: string;
  time: number;
  target: string;
  pids: number[];
  source: string;
  degraded: string[];
}

/** A region: one mapping, or the adjacent mappings of one file. */
export interface RegionRecord {
  type: "region";
  pid: number;
  /** Addresses as "0x...". */
  start: string;
  end: string;
  /** Of its first mapping: "rw-p". */
  permissions: string;
  kind: RegionKind;
  /** The file, or null. */
  path: string | null;
  /** Bytes into the file; null where there is none. */
  fileOffset: number | null;
  /** What people call it: "[heap]", "libc.so.6", "anon". */
  name: string;
  minor: number;
  major: number;
  /** Distinct pages that faulted. */
  pages: number;
  /** Share of the region's pages that faulted. */
  touchedShare: number | null;
  refaults: number;
  pattern: Pattern | null;
  /** The walk beneath a thrashing pattern. */
  order: Order | null;
  /** Pages; null unless strided. */
  stride: number | null;
  confidence: number;
  evidence: PatternEvidence;
  phases: PatternPhase[];
  /** It was unmapped or replaced before the end. */
  vanished: boolean;
}

/**
 * Where and when a process faulted: counts by block of pages and by bin of time. Blocks and bins are as
 * fine as the recording allowed within a bounded number of cells; empty ones are not listed.
 */
export interface HeatRecord {
  type: "heat";
  pid: number;
  /** Size of a block in bytes, a power of two times 4096; blocks begin at multiples of it. */
  blockBytes: number;
  binSeconds: number;
  /** Unix seconds at which bin 0 begins. */
  time: number;
  /** [address of the block as "0x...", bin, minor, major], by address, then by bin. */
  cells: [string, number, number, number][];
}

export interface MapSummaryRecord {
  type: "summary";
  time: number;
  pid: number;
  comm: string;
  seconds: number;
  faults: number;
  minor: number;
  major: number;
  failed: number | null;
  untraced: number | null;
  edge: number | null;
  unexplained: number | null;
  kernelMinor: number | null;
  kernelMajor: number | null;
  lost: number | null;
  verdict: string;
  endedBy: EndedBy;
  exitStatus: number | null;
}

export type MapRecord = MapStartRecord | RegionRecord | HeatRecord | MapSummaryRecord | ErrorRecord;
