import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { type Program, start } from "../helpers-c/programs.ts";

export const PAGE = 4096;

/** What the working set lies in; "forked": anonymous memory that a parent shares until it is written. */
export const HOT_KINDS = ["anon", "thp", "memfd", "file-private", "file-shared", "forked"] as const;
export type HotKind = (typeof HOT_KINDS)[number];

/** From its begin to its end every page of the set was touched; CLOCK_MONOTONIC, ns. */
export interface Pass {
  beginNs: number;
  endNs: number;
}

/** helpers-c/workload/hot at work: a known set, touched again and again. */
export interface Hot {
  kind: HotKind;
  pid: number;
  start: number;
  end: number;
  /** Bytes that each pass writes, and that it touches at all. */
  written: number;
  touched: number;
  passes: Pass[];
}

export interface HotSizes {
  /** Pages in memory, of which each pass writes and reads some. */
  pages: number;
  written: number;
  read: number;
  periodMs: number;
}

/** Starts it; it ends with the test. */
export async function startHot(t: Pick<TestContext, "after">, kind: HotKind, sizes: HotSizes): Promise<Hot> {
  const { pages, written, read, periodMs } = sizes;
  const options = ["-n", pages, "-w", written, "-r", read, "-p", periodMs, "-c", 0].map(String);
  options.push(...(kind === "forked" ? ["-F"] : ["-k", kind]));
  if (kind.startsWith("file")) {
    const directory = mkdtempSync(`${ROOT}/build/hot-`);
    t.after(() => rmSync(directory, { recursive: true }));
    options.push("-f", join(directory, "file"));
  }
  const program = start(workloadPath("hot"), options);
  t.after(() => program.process.kill("SIGKILL"));
  const ready = JSON.parse((await program.line()) ?? "null");
  if (ready === null) throw new Error(`hot ended: ${(await program.end).stderr}`);
  const passes: Pass[] = [];
  void collect(program, passes);
  return {
    kind,
    pid: ready.pid,
    start: Number(ready.start),
    end: Number(ready.end),
    written: written * PAGE,
    touched: (written + read) * PAGE,
    passes,
  };
}

async function collect(program: Program, passes: Pass[]): Promise<void> {
  for (let line = await program.line(); line !== null; line = await program.line()) {
    const said = JSON.parse(line);
    if (said.type !== "pass") throw new Error(`its memory was harmed: ${line}`);
    passes.push({ beginNs: said.beginNs, endNs: said.endNs });
  }
}
