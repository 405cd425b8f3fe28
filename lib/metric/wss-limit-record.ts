/** What became of the memory between the first and the last window; null where the kernel does not tell. */
export interface LimitWitnesses {
  /** Pages that were evicted and came back: workingset_refault_anon and _file of memory.stat, else of /proc/vmstat. */
  refaultAnon: number | null;
  refaultFile: number | null;
  /** Whose refaults these are. */
  refaultsOf: "cgroup" | "machine" | null;
  /** Major faults of the measured processes in their windows. */
  major: number | null;
  /** How often the limit was hit: memory.failcnt, or max and high of memory.events. */
  hits: number | null;
  oomKills: number | null;
  /** Share of the time in which some task waited for memory: "some" of memory.pressure, cgroup or machine. */
  pressure: number | null;
}

/** Whether the processes fit into the memory that they may use (wss --limit). Sizes are bytes. */
export interface WssLimitRecord {
  type: "limit";
  time: number;
  /** From the first window's beginning to the end. */
  seconds: number;
  pids: number[];
  comms: string[];
  method: string;
  /** The file that sets the limit: memory.limit_in_bytes, memory.max, memory.high; MemTotal of the machine. */
  what: string;
  /** The cgroup that it belongs to; null for the machine. */
  cgroup: string | null;
  limit: number;
  /** Charged there at the end and, of all windows' ends, at most; and what of the first are pages of files that can be dropped. */
  charged: number;
  chargedMost: number;
  droppable: number;
  /** Charged, not droppable, and not of the measured processes. */
  others: number;
  /** The highest of the windows, summed over the processes. */
  wss: number;
  wssHigh: number;
  rss: number;
  swap: number;
  /** limit - wssHigh - others. */
  headroom: number;
  memAvailable: number;
  swapTotal: number;
  swapFree: number;
  witnesses: LimitWitnesses;
  fits: "room" | "tight" | "no" | "unknown";
  verdict: string;
}
