import { writeFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { helperPath } from "../../../lib/paths.ts";
import { start, writable } from "../../helpers-c/programs.ts";

/** A line of a helper, in pages: fields that are bytes are divided, others left alone. */
export type Line = Record<string, unknown>;

export interface Marker {
  /** A window begins; with the TLB flushed, as wss --flush does. */
  mark(): Promise<void>;
  /** What the window showed of the mapping at an address; null where nothing. */
  read(at: string): Promise<Line | null>;
}

const PAGE = 4096;

/** helpers-c/wssidle or wssdirty at work on a process until the test ends: what it holds open then is free again. */
export function marker(t: TestContext, helper: "wssidle" | "wssdirty", pid: number): Marker {
  const program = start(helperPath(helper), [String(pid)]);
  t.after(async () => {
    writable(program, 0).end();
    await program.end;
  });
  const ask = async (byte: "m" | "r", last: "mark" | "read"): Promise<Line[]> => {
    writable(program, 0).write(byte);
    const lines: Line[] = [];
    for (;;) {
      const text = await program.line();
      if (text === null) throw new Error(`${helper} ended: ${(await program.end).stderr}`);
      const line: Line = JSON.parse(text);
      if (line.type === last) return lines;
      if (line.type !== "mapping") throw new Error(text);
      lines.push(line);
    }
  };
  return {
    mark: async () => {
      await ask("m", "mark");
      writeFileSync(`/proc/${pid}/clear_refs`, "4");
    },
    read: async (at) => {
      const line = (await ask("r", "read")).find((each) => each.start === at);
      if (line === undefined) return null;
      const sizes = Object.entries(line).filter(([, value]) => typeof value === "number");
      return Object.fromEntries(sizes.map(([name, value]) => [name, Number(value) / PAGE]));
    },
  };
}
