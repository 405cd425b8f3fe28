import type { SmapsEntry } from "../procfs/smaps.ts";
import type { Member } from "./members.ts";
import type { Span } from "./window.ts";

export const METHODS = ["idle", "referenced", "written", "softdirty", "damon", "refault"] as const;
export type MethodName = (typeof METHODS)[number];
/** The first that works here, all that only look, or these. */
export type MethodChoice = "auto" | "all" | readonly MethodName[];

/** Those that see writes alone: what is only read is not in their working set. */
export const WRITES_ONLY: ReadonlySet<string> = new Set<MethodName>(["written", "softdirty"]);

/** Those that make the process fault: on its first write to each page that was protected, on what was paged out. */
export const FAULTING: ReadonlySet<string> = new Set<MethodName>(["written", "softdirty", "refault"]);

/** What was touched within a window, bytes. The truth lies in [low, high]; `wss` is the best guess. */
export interface Touched {
  wss: number;
  low: number;
  high: number;
}

/** The same of one mapping. */
export interface TouchedMapping extends Touched {
  mapping: SmapsEntry;
}

/** What one window showed of one process. */
export interface Reading extends Touched {
  /** Of `wss`: memory without a file, copies of file pages too; and of files and shmem. */
  anon: number;
  file: number;
  /** Bytes that the method cannot tell anything of; they are in `high`. */
  untracked: number;
  mappings: TouchedMapping[];
}

/** A method at work on one process. Windows follow one another: mark, wait, read. */
export interface Tracking {
  /** Forgets what was touched: a window begins. False when the process is gone. */
  mark(): Promise<boolean>;
  /** What has been touched since, without forgetting it: null when the process is gone. */
  read(): Promise<Reading | null>;
  /** Of the last mark or read, by the clock of the helper that did it; else the time that the call took. */
  readonly span?: Span | null;
  /** Puts everything back. */
  close(): Promise<void>;
}

export interface MethodOptions {
  /** Flush the TLB also where that resets the soft-dirty marks of somebody else. */
  flush: boolean;
  /** Seconds that a window shall last. */
  interval: number;
}

/** A way to find out which pages were touched. */
export interface Method {
  name: MethodName;
  /** What it does, in one sentence. */
  description: string;
  /** Why this kernel or this user cannot use it, with what would help; null when it can. Found by trying. */
  refusal(): Promise<string | null>;
  /** What the figures of these processes mean here, one sentence each, where they mean less than usual. */
  degraded(options: MethodOptions, members: readonly Member[]): string[];
  /** ns that marking one present page holds the target's mmap lock, measured now on this process. */
  nsPerPage(): number;
  /**
   * Null when the process is gone, or becoming another program at this moment.
   *
   * @throws UserError when the process may not be looked at
   */
  track(pid: number, options: MethodOptions): Promise<Tracking | null>;
}
