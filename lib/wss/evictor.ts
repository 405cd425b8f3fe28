import { EXIT, UserError } from "../cli/error.ts";
import { helperPath } from "../paths.ts";
import { startDialogue } from "../subprocess/dialogue.ts";

/** What has come back of one mapping, bytes (the line `mapping` of helpers-c/wssevict.c). */
export interface BackMapping {
  type: "mapping";
  start: string;
  end: string;
  anon: number;
  file: number;
  low: number;
  kept: number;
}

interface Timed {
  beginNs: number;
  endNs: number;
}

type Line =
  | BackMapping
  | ({ type: "evicted" } & Timed)
  | ({ type: "read"; swapsChanged: boolean } & Timed)
  | { type: "ready" | "end" };

/** What an eviction or a reading told; times are CLOCK_MONOTONIC. */
export interface Back extends Timed {
  mappings: BackMapping[];
  /** A swap was set up or taken down since the eviction. */
  swapsChanged: boolean;
}

/** helpers-c/wssevict at work on one process. */
export interface Evictor {
  /** Null when the process is gone. */
  ask(what: "evict" | "read"): Promise<Back | null>;
  close(): Promise<void>;
}

/**
 * Null when the process is gone.
 *
 * @throws UserError when it may not be paged out, with the helper's own words
 */
export async function startEvictor(pid: number): Promise<Evictor | null> {
  const helper = startDialogue<Line>(helperPath("leash"), [
    String(process.pid),
    helperPath("wssevict"),
    String(pid),
  ]);
  if ((await helper.next()) === null) {
    const { exitCode, cause } = await helper.ended;
    if (exitCode === EXIT.prerequisite) throw new UserError(cause, EXIT.prerequisite);
    return null;
  }
  return {
    ask: async (what) => {
      helper.ask(what === "evict" ? "e" : "r");
      const mappings: BackMapping[] = [];
      for (let line = await helper.next(); line !== null; line = await helper.next()) {
        if (line.type === "mapping") mappings.push(line);
        else if (line.type === "evicted" || line.type === "read")
          return { swapsChanged: false, ...line, mappings };
        else break;
      }
      helper.ask("q");
      const { exitCode, cause } = await helper.ended;
      if (exitCode === EXIT.prerequisite) throw new UserError(cause, EXIT.prerequisite);
      return null;
    },
    close: () => helper.close(),
  };
}
