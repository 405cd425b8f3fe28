import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { execa } from "execa";
import { helperPath } from "../../lib/paths.ts";
import { type Program, start, writable } from "./programs.ts";

export interface ZramSwap {
  device: string;
  program: Program;
  /** Takes it down again; the lines that it said. */
  end(): Promise<string>;
}

/** Compressed memory as swap until the test ends; a reason where this machine cannot have it. */
export async function zramSwap(t: TestContext, mib: number): Promise<ZramSwap | string> {
  const program = start(helperPath("zramswap"), [String(mib)]);
  const ready = await program.line();
  if (ready === null) return `kernel: ${(await program.end).stderr.trim()}`;
  const end = async (): Promise<string> => {
    writable(program, 0).end();
    const last = await program.line();
    await program.end;
    return last ?? "";
  };
  t.after(end);
  return { device: JSON.parse(ready).device, program, end };
}

export const isSwapDevice = (device: string): boolean =>
  readFileSync("/proc/swaps", "utf8").includes(`${device} `);

/** Why pages cannot be paged out into zram here; null if they can. */
export async function refusalOfRefault(): Promise<string | null> {
  const trial = await execa(helperPath("wssevict"), ["-t"], { reject: false });
  if (trial.exitCode !== 0) return `kernel: ${trial.stderr}`;
  const swap = await execa(helperPath("zramswap"), ["1"], { reject: false, stdin: "ignore" });
  return swap.exitCode === 0 ? null : `kernel: ${swap.stderr}`;
}
