import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { type Program, rest, start, writable } from "../helpers-c/programs.ts";

export interface Hot {
  program: Program;
  pid: number;
  start: string;
  /** Gives it a command and reads the line that answers. */
  tell(command: "s" | "v" | "R" | "W"): Promise<Record<string, unknown>>;
}

/** Pages of its memory, and those that a pass writes and reads. */
export const [PAGES, WRITTEN, READ] = [4096, 211, 307];

/** The known workload, which does one pass whenever told, or with -p MS by itself; then nothing can be asked of it. */
export async function hot(t: TestContext, kind: string, ...options: string[]): Promise<Hot> {
  const file: string[] = [];
  if (kind.startsWith("file")) {
    const directory = mkdtempSync(`${ROOT}/build/hot-`);
    t.after(() => rmSync(directory, { recursive: true }));
    file.push("-f", join(directory, "file"));
  }
  const sizes = ["-n", String(PAGES), "-w", String(WRITTEN), "-r", String(READ)];
  const byItself = options.includes("-p");
  const program = start(workloadPath("hot"), [
    ...(byItself ? [] : ["-s"]),
    "-k",
    kind,
    ...sizes,
    ...file,
    ...options,
  ]);
  t.after(() => program.process.kill("SIGKILL"));
  const line = async () => JSON.parse((await program.line()) ?? "null");
  const ready = await line();
  if (byItself) void rest(program); // else its pipe would be full one day
  return {
    program,
    pid: ready.pid,
    start: ready.start,
    tell: (command) => {
      writable(program, 0).write(command);
      return line();
    },
  };
}
