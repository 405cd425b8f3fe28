import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { ROOT } from "../../lib/paths.ts";
import type { Bytes } from "../../lib/symbols/bytes.ts";

/** Functions with names of all kinds: static, global, weak, an alias, one inside a section of its own. */
const SOURCE = `
#ifdef ALONE
static int printf(const char *text, int x) { return text[0] + x; }
#else
#include <stdio.h>
#endif
static __attribute__((noinline)) int inner(int x) { return x * 7 + printf("%d", x); }
__attribute__((noinline)) int outer(int x) { return inner(x) + inner(x + 1); }
__attribute__((weak, noinline)) int maybe(int x) { return outer(x) - 1; }
__attribute__((alias("outer"))) int __outer_alias(int x);
__attribute__((section(".text.far"), noinline)) int far_away(int x) { return maybe(x) + 2; }
int main(int argc, char **argv) { (void)argv; return far_away(argc) & 1; }
`;

export interface Built {
  folder: string;
  /** Compiles the program under this name, with these options of gcc. */
  compile(name: string, ...options: string[]): Promise<string>;
  remove(): void;
}

/** A folder in which programs are built for a test. */
export function workshop(): Built {
  const folder = mkdtempSync(`${ROOT}/build/symbols-`);
  writeFileSync(`${folder}/program.c`, SOURCE);
  return {
    folder,
    compile: async (name, ...options) => {
      await execa("gcc", [...options, "-o", name, "program.c"], { cwd: folder });
      return `${folder}/${name}`;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** A function as nm(1) has it. */
export interface Known {
  start: number;
  size: number;
  name: string;
}

/** The functions with a size that nm finds. */
export async function functionsOf(path: string, ...options: string[]): Promise<Known[]> {
  const { stdout } = await execa("nm", ["-S", "--defined-only", ...options, path]);
  return [...stdout.matchAll(/^([0-9a-f]+) ([0-9a-f]+) [tTwWi] (\S+)$/gm)].map(([, start, size, name]) => ({
    start: Number.parseInt(start ?? "", 16),
    size: Number.parseInt(size ?? "", 16),
    name: (name ?? "").replace(/@.*/, ""),
  }));
}

/** The names of the innermost functions that contain an address. */
export function namesAt(known: readonly Known[], address: number): string[] {
  const around = known.filter(({ start, size }) => address >= start && address < start + size);
  const innermost = Math.max(...around.map(({ start }) => start));
  return around.filter(({ start }) => start === innermost).map(({ name }) => name);
}

/** A file in memory, and the longest read of it. */
export function bytesOf(buffer: Buffer): Bytes & { longest: number } {
  return {
    size: buffer.length,
    longest: 0,
    read(offset, length) {
      this.longest = Math.max(this.longest, length);
      return buffer.subarray(Math.min(offset, buffer.length), Math.min(offset + length, buffer.length));
    },
  };
}
