import type { Scope } from "../source.ts";
import type { FaultBatch } from "./batch.ts";
import type { FaultEvent, ReadyEvent } from "./event.ts";

/** Takes what a stream of faults tells, in its order. */
export interface FaultSink {
  faults(batch: FaultBatch): void;
  event(event: FaultEvent): void;
}

export interface RecorderOptions {
  /** Whom to record. */
  scope: Scope;
  /** But not these: ourselves, where everybody is recorded. */
  except?: readonly number[];
  /** The instruction of each fault (default true). */
  ip?: boolean;
  /**
   * As little cost to the target as can be: no instruction, and minor faults have the time of what their thread
   * did next that has one, `delayMs` later at most (ReadyEvent.lateNs).
   */
  light?: boolean;
  /** From the entry to the completion of each fault. */
  latency?: boolean;
  /** What each access was: read, write or execute, of a page that was there or not. */
  types?: boolean;
  /** Physical address and page size of each fault. */
  physical?: boolean;
  /** Call chain of each fault, in user space. */
  stacks?: boolean;
  /** Longest time that a fault waits to be told, milliseconds (default 100). */
  delayMs?: number;
  /**
   * Is told at once when a process begins a program, by a recorder that tells its faults so late that it may
   * have ended by then: what it maps has to be looked at now.
   */
  onExec?: (pid: number) => void;
}

export interface Recorder {
  readonly ready: ReadyEvent;
  /** What was asked for and cannot be had, each in words. */
  readonly degraded: string[];
  readonly pid: number;
  /** Ends the recording; resolves when the last of it has been delivered. */
  stop(): Promise<void>;
  /**
   * Resolves at the end, by stop() or when all processes have ended.
   * Rejects with a UserError when the recorder failed; what it told before has been delivered.
   */
  readonly ended: Promise<void>;
}

/** @throws UserError when it cannot attach, with the reason in one line */
export type AttachRecorder = (options: RecorderOptions, sink: FaultSink) => Promise<Recorder>;
