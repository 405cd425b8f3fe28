import { helperPath } from "../../lib/paths.ts";
import { type End, type Program, start, writable } from "../helpers-c/programs.ts";
import { field } from "../helpers-c/section.ts";

/** Pages written in one mapping in a window; `fresh` where it was not armed before. */
export interface Written {
  low: number;
  high: number;
  fresh: boolean;
}

/** A scan, and what it says of each mapping that was written, by its start. */
export interface Scan {
  scan: Record<string, unknown>;
  mappings: Map<string, Written>;
}

export interface Scanner {
  ready: Record<string, unknown>;
  refused: Record<string, unknown>[];
  program: Program;
  /** One scan. @throws where the target has gone instead */
  scan(): Promise<Scan>;
  /** What a scan would find now, which it still does after that. */
  peek(): Promise<Scan>;
  /** The pages that one scan finds written in the mapping at an address. */
  written(start: string): Promise<Written>;
  /** Asks it to end; its last line's reason. */
  stop(): Promise<[string, End]>;
  /** The next line, whatever it is. */
  next(): Promise<Record<string, unknown>>;
}

const PAGE = 4096;

/** Injects into a process and scans it whenever asked. */
export async function scanner(pid: number, ...options: string[]): Promise<Scanner> {
  const program = start(helperPath("inject"), [
    String(pid),
    helperPath("wsscan"),
    "-m",
    ...options,
    String(pid),
  ]);
  const next = async (): Promise<Record<string, unknown>> => {
    const line = await program.line();
    if (line === null) throw new Error(`the scanner ended: ${(await program.end).stderr}`);
    return JSON.parse(line);
  };
  const refused: Record<string, unknown>[] = [];
  let ready = await next();
  for (; ready.type === "refused"; ready = await next()) refused.push(ready);
  const ask = async (command: "s" | "p"): Promise<Scan> => {
    writable(program, 0).write(command);
    const mappings = new Map<string, Written>();
    for (;;) {
      const line = await next();
      if (line.type === "scan" || line.type === "peek") return { scan: line, mappings };
      if (line.type === "end") throw new Error(`ended: ${line.reason}`);
      if (line.type !== "mapping") continue;
      const pages = (name: string): number => Number(field(line, name)) / PAGE;
      mappings.set(String(line.start), {
        low: pages("low"),
        high: pages("high"),
        fresh: line.new === true,
      });
    }
  };
  const scan = (): Promise<Scan> => ask("s");
  return {
    ready,
    refused,
    program,
    scan,
    peek: () => ask("p"),
    written: async (at) => (await scan()).mappings.get(at) ?? { low: 0, high: 0, fresh: false },
    stop: async () => {
      writable(program, 0).write("q");
      const { reason } = await next();
      return [String(reason), await program.end];
    },
    next,
  };
}

export const exactly = (pages: number): Written => ({ low: pages, high: pages, fresh: false });
export const upTo = (high: number, fresh = false): Written => ({ low: 0, high, fresh });

/** A real Python that does what it is told, a line at a time, and prints what `out` then holds. */
export interface Python {
  pid: number;
  program: Program;
  run(code: string): Promise<string>;
  /** Sends the line without waiting for an answer, as for an exec. */
  send(code: string): void;
  end(): void;
}

/** Where its arena is mapped: far from everything else, so that nothing merges with it. */
export const ARENA = "0x500000000000";

const PYTHON = `
import ctypes, mmap, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for name in ("mmap", "mremap"): getattr(libc, name).restype = ctypes.c_void_p
def at(page): return ctypes.c_void_p(arena + page * 4096)
def map(pages, flags=0x22, where=${ARENA}, fd=-1, access=3):
    got = libc.mmap(ctypes.c_void_p(where), ctypes.c_size_t(pages * 4096), access, flags | 0x100000, fd, ctypes.c_long(0))
    assert got == where, ctypes.get_errno()
    libc.madvise(ctypes.c_void_p(where), ctypes.c_size_t(pages * 4096), 15)
def write(first, count):
    for page in range(first, first + count): ctypes.memset(at(page), 7, 1)
def look(first, count): return sum(ctypes.string_at(at(page), 1)[0] for page in range(first, first + count))
def advise(first, count, advice): assert libc.madvise(at(first), ctypes.c_size_t(count * 4096), advice) == 0
arena = ${ARENA}
out = "ready"
print(out, flush=True)
for line in sys.stdin:
    out = "done"
    exec(line)
    print(out, flush=True)
`;

export async function python(): Promise<Python> {
  const program = start("/usr/bin/python3", ["-c", PYTHON]);
  if ((await program.line()) !== "ready") throw new Error((await program.end).stderr);
  const send = (code: string): void => void writable(program, 0).write(`${code}\n`);
  return {
    pid: program.pid,
    program,
    send,
    run: async (code) => {
      send(code);
      const out = await program.line();
      if (out === null) throw new Error((await program.end).stderr);
      return out;
    },
    end: () => void program.process.kill("SIGKILL"),
  };
}
