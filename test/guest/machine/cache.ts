import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { errnoOf } from "../../../lib/cli/error.ts";

/** Kernels, outside the checkout: a fresh clone does not build them again. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pgfaultstat", "guest");

/**
 * The directory `name` of the cache. Where it is missing, `build` fills a temporary one, which takes
 * the name only when it is complete: whatever is found under its name can be used.
 */
export async function cached(
  name: string,
  build: (directory: string) => Promise<void>,
  cache = CACHE,
): Promise<string> {
  const final = join(cache, name);
  if (existsSync(final)) return final;
  mkdirSync(cache, { recursive: true });
  removeLeftovers(cache);
  const directory = mkdtempSync(join(cache, `.building-${process.pid}-`));
  try {
    await build(directory);
    renameSync(directory, final);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    // another run was faster
    if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
  }
  return final;
}

/** What builds left behind that were killed. */
function removeLeftovers(cache: string): void {
  for (const name of readdirSync(cache)) {
    const builder = /^\.building-(\d+)-/.exec(name)?.[1];
    if (builder === undefined || existsSync(`/proc/${builder}`)) continue;
    rmSync(join(cache, name), { recursive: true, force: true });
  }
}
