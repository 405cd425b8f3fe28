/** What a stream of faults tells beside the faults themselves. */

/** Everything is attached; times of all that follows count from here. */
export interface ReadyEvent {
  type: "ready";
  /** Of the machine's clock (CLOCK_MONOTONIC), ns, for what is measured beside. */
  monotonicNs: number;
  /** Unix seconds. */
  startedAt: number;
  ip: boolean;
  latency: boolean;
  /** Whether a fault's flags say what the access was. */
  access: boolean;
  physical: boolean;
  chain: boolean;
  /**
   * Null where every fault is told by itself, in order. Else the faults of each page are counted over steps of so
   * many ns, longer where the recorder was late: a row has the middle of its step for a time, the
   * process for a thread, and the rows of a step are in no order.
   */
  stepNs: number | null;
  /** A minor fault may have happened so many ns before the time that is told of it; 0 where that is its own. */
  lateNs: number;
  /** Faults in kernel mode are not seen, for want of privilege. */
  userOnly: boolean;
  /** One event a CPU for all processes, filtered by pid. */
  machine: boolean;
  follow: boolean;
  threads: number;
  /** Threads that were born while the events attached and may be told twice. */
  unsure: number;
  /** Size of one CPU's ring for minor faults, bytes. */
  ringBytes: number;
}

/** How the kernel's own count splits up: counted = told + foreign + lost. */
export interface Tally {
  counted: number;
  told: number;
  /** Of other processes, left out (machine). */
  foreign: number;
  lost: number;
  /** Records that the events found no room for; null before Linux 6.0. */
  refused: number | null;
}

/** Faults that began: told = completed + failed + open, but for those that lost records left uncertain. */
export interface EntryTally extends Tally {
  /** That nothing completed: exact where nothing was lost. */
  failed: number;
  /** Neither completed nor failed at the end. */
  open: number;
}

/** Time in ns since the ready record. */
interface Happened {
  time: number;
  pid: number;
  tid: number;
}

export interface MmapEvent extends Happened {
  type: "mmap";
  start: number;
  end: number;
  /** Bytes into the file; for anonymous memory the kernel says the address itself. */
  offset: number;
  inode: number;
  /** "major:minor", hexadecimal, as in /proc/PID/maps. */
  device: string;
  /** PROT_* and MAP_* of mman.h. */
  protection: number;
  flags: number;
  /** "//anon", "[stack]", "[heap]", "[vdso]", or a path. */
  path: string;
}

export type FaultEvent =
  | ReadyEvent
  | MmapEvent
  | (Happened & { type: "comm"; comm: string; exec: boolean })
  /** A thread (parentPid = pid), or a child: also where children are not followed. */
  | (Happened & { type: "fork"; parentPid: number; parentTid: number })
  /** A thread has ended. */
  | (Happened & { type: "exit" })
  | (Happened & { type: "lost"; cpu: number; count: number; what: "minor" | "others" })
  /** No such process when the recording began. */
  | (Happened & { type: "gone" })
  /** entries: null where neither latency nor access was recorded. */
  | {
      type: "end";
      time: number;
      minor: Tally;
      major: Tally;
      lostOthers: number;
      entries: EntryTally | null;
    }
  /** What follows cannot be read: at this byte of the stream. */
  | { type: "damaged"; offset: number; reason: string };
