import type { Order, Pattern, PatternEvidence, PatternPhase } from "../fault/pattern/verdict.ts";
import type { NodeRange } from "../kernel/numa.ts";
import type { EndedBy, ErrorRecord, FaultClass, LatencySummary } from "./record.ts";

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
  /** With -P where several NUMA nodes have memory: whose is where. */
  nodes?: NodeRange[];
  /** With --each-mapping. */
  eachMapping?: true;
}

/** How long the faults of one class took: of those whose latency is known. */
export interface ServiceTime extends LatencySummary {
  /** Together, ns. */
  sumNs: number;
}

/** Faults that were under way while wss kept the process from its memory. */
export interface ExceptedFaults {
  faults: number;
  /** In which they were, and those of the recording in all. */
  stalls: number;
  ofStalls: number;
}

/**
 * What the accesses of the faults were: read + write + execute + copyOnWrite + unknown = minor + major.
 * copyOnWrite is a write to a page that was present.
 */
export interface TypeCounts {
  read: number;
  write: number;
  execute: number;
  copyOnWrite: number;
  /** Its entry was lost, or came before the recording. */
  unknown: number;
}

/** Faults by the NUMA node of their page, "0", "1", ...; "unknown" where that cannot be told. */
export type NodeCounts = Record<string, number>;

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
  /** Share of the region's pages that faulted; null where its size is not known. */
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
  /** With -l. */
  latency?: Record<FaultClass, ServiceTime>;
  /** With --types. */
  types?: TypeCounts;
  /** With -P where several NUMA nodes have memory. */
  nodes?: NodeCounts;
  /**
   * How often it was mapped: more than once where the same memory came again in its place. Null where faults are
   * counted by page (bpftrace).
   */
  mappings: number | null;
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
  /**
   * [address of the block as "0x...", bin, minor, major], by address, then by bin; with --types also how
   * many of them were writes, and how many copies on write.
   */
  cells: HeatCell[];
}

export type HeatCell = [
  address: string,
  bin: number,
  minor: number,
  major: number,
  write?: number,
  copyOnWrite?: number,
];
/** A function that took faults, busiest first; at most 50 of a process. */
export interface FunctionRecord {
  type: "function";
  pid: number;
  /** "[libc.so.6]" where no symbol covers the code, "[unknown]" where it is in no known mapping. */
  function: string;
  /** The file that it is in, "[kernel]", a "[module]"; null where it is in none that is known. */
  file: string | null;
  minor: number;
  major: number;
  /** Of the faults of the process. */
  share: number;
  /** Name and start of the region that it faulted in most. */
  region: string | null;
  regionStart: string | null;
}

/** A call chain that took faults; only with --stacks. */
export interface StackRecord {
  type: "stack";
  pid: number;
  comm: string;
  /** Functions, outermost caller first. */
  frames: string[];
  minor: number;
  major: number;
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
  /** With -l. */
  latency?: Record<FaultClass, ServiceTime>;
  /** With report --except: what was left out of the latencies; null where wss did not measure the process. */
  excepted?: ExceptedFaults | null;
  /** With --types. */
  types?: TypeCounts;
  /** With -P where several NUMA nodes have memory. */
  nodes?: NodeCounts;
  verdict: string;
  endedBy: EndedBy;
  exitStatus: number | null;
}

/** Processes that ended, too many to be told one by one: those with the fewest faults, together. */
export interface OthersRecord {
  type: "others";
  processes: number;
  minor: number;
  major: number;
}

export type MapRecord =
  | MapStartRecord
  | RegionRecord
  | HeatRecord
  | FunctionRecord
  | StackRecord
  | MapSummaryRecord
  | OthersRecord
  | ErrorRecord;
