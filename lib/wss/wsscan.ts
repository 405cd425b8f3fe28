import { EXIT, UserError } from "../cli/error.ts";
import { helperPath } from "../paths.ts";
import { startDialogue } from "../subprocess/dialogue.ts";

/** What was written in one mapping, bytes (the line `mapping` of helpers-c/wsscan.c). */
export interface WrittenMapping {
  type: "mapping";
  start: string;
  end: string;
  kind: "anon" | "copied" | "shared";
  low: number;
  high: number;
}

/** What a scan or a peek told; times are CLOCK_MONOTONIC. */
export interface Scan {
  type: "scan" | "peek";
  beginNs: number;
  endNs: number;
  low: number;
  high: number;
  mappings: WrittenMapping[];
}

type Line = WrittenMapping | Omit<Scan, "mappings"> | { type: "ready" | "refused" | "end" };

/** helpers-c/wsscan at work on one process, with the userfaultfd that helpers-c/inject got for it. */
export interface Scanner {
  /** "scan" begins a window anew, "peek" tells the one that goes on; null when the memory is gone (exit, exec). */
  ask(what: "scan" | "peek"): Promise<Scan | null>;
  /** Ends it: the kernel then undoes all that it did. */
  close(): Promise<void>;
}

/** helpers-c/inject: the process ended or called exec meanwhile. */
const WENT = 4;

/**
 * Injects into a process. Not on a leash, and in a session of its own: inject must not end while the process is
 * stopped. It ends by itself when its standard input does, however this process ends.
 *
 * Null when the process ended or became another program meanwhile.
 *
 * @throws UserError with inject's own words: status 1 where this process cannot be, 3 where no process can
 */
export async function startScanner(pid: number): Promise<Scanner | null> {
  const helper = startDialogue<Line>(helperPath("inject"), [
    String(pid),
    helperPath("wsscan"),
    "-m",
    String(pid),
  ]);
  let line = await helper.next();
  while (line?.type === "refused") line = await helper.next();
  if (line === null || line.type === "end") {
    const { exitCode, cause } = await helper.ended;
    if (exitCode === EXIT.ok || exitCode === WENT) return null;
    throw new UserError(cause, exitCode === EXIT.failed ? EXIT.failed : EXIT.prerequisite);
  }
  return {
    ask: async (what) => {
      helper.ask(what === "scan" ? "s" : "p");
      const mappings: WrittenMapping[] = [];
      for (let line = await helper.next(); line !== null && line.type !== "end"; line = await helper.next()) {
        if (line.type === "mapping") mappings.push(line);
        else if (line.type === "scan" || line.type === "peek") return { ...line, mappings };
      }
      return null;
    },
    close: () => helper.close(),
  };
}
