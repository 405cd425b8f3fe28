import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { EXIT, UserError } from "../../../lib/cli/error.ts";
import { helperPath } from "../../../lib/paths.ts";
import { temporary } from "./cache.ts";
import { commandScript, passedOn } from "./command.ts";
import { endOf } from "./console.ts";
import { makeDisks } from "./disks.ts";
import { makeInitramfs } from "./initramfs.ts";
import { findKernel, type KernelName } from "./kernel.ts";
import { needPackages } from "./packages.ts";
import { qemuArguments } from "./qemu.ts";

const PACKAGES = ["qemu-system-x86", "busybox-static", "cpio", "e2fsprogs", "numactl"];

/** As a shell tells it: 128 + SIGINT. */
const INTERRUPTED = 130;

export interface GuestOptions {
  kernel: KernelName;
  memoryMb: number;
  cpus: number;
  /** The whole run may take so long; Infinity for a shell. */
  limitSeconds: number;
  /** The command gets our terminal. */
  terminal: boolean;
  signal?: AbortSignal;
  /** Fills the directory that the guest sees as /run/guest/share. */
  share?: (directory: string) => Promise<void>;
  env?: Record<string, string>;
}

/**
 * Boots a guest, runs one command in it and returns the command's exit status. What it prints comes
 * out of our standard output; of a guest that fails, the console's last lines on standard error.
 *
 * @throws UserError when the guest does not say how the command ended; with status 130 when `signal`
 * ends it
 */
export async function runInGuest(argv: readonly string[], options: GuestOptions): Promise<number> {
  await needPackages(...PACKAGES);
  const kernel = await findKernel[options.kernel](options.signal);
  const directory = temporary("running");
  try {
    const share = join(directory, "share");
    const console = join(directory, "console");
    mkdirSync(share);
    writeFileSync(
      join(share, "command"),
      commandScript(argv, process.cwd(), { ...passedOn(), ...options.env }),
    );
    if (options.terminal) writeFileSync(join(share, "terminal"), terminalSize());
    await options.share?.(share);
    const initramfs = await makeInitramfs(directory, kernel.modules);
    const disks = await makeDisks(directory);
    const { memoryMb, cpus } = options;
    const trouble = await runQemu(
      qemuArguments({ image: kernel.image, initramfs, memoryMb, cpus, share, disks, console }),
      options,
    );
    const end = endOf(existsSync(console) ? readFileSync(console, "utf8") : "");
    if ("status" in end) return end.status;
    for (const line of end.lastLines) process.stderr.write(`  ${line}\n`);
    throw new UserError(`the guest failed: ${trouble ?? end.problem}`, EXIT.failed);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Rows and columns: a serial line does not tell them. */
const terminalSize = (): string => `${process.stdout.rows ?? 24} ${process.stdout.columns ?? 80}\n`;

/** Returns what went wrong with QEMU itself, or null. It dies with us, by helpers-c/leash. */
async function runQemu(
  args: string[],
  { limitSeconds, terminal, signal }: GuestOptions,
): Promise<string | null> {
  const leash = helperPath("leash");
  if (!existsSync(leash)) throw new UserError("the helpers are not built: npm run setup", EXIT.prerequisite);
  const result = await execa(leash, ["-s", "KILL", String(process.pid), "qemu-system-x86_64", ...args], {
    stdin: terminal ? "inherit" : "ignore",
    stdout: "inherit",
    reject: false,
    killSignal: "SIGKILL",
    ...(Number.isFinite(limitSeconds) ? { timeout: limitSeconds * 1000 } : {}),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  if (result.isCanceled) throw new UserError("interrupted", INTERRUPTED);
  if (result.timedOut) return `it was still running after ${limitSeconds} s`;
  return result.stderr.trim() === "" ? null : result.stderr.trim();
}
