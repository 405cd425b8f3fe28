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
  const directory = temporary("building", cache);
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

/** A directory of this process alone. Those of processes that were killed are removed on this occasion. */
export function temporary(purpose: string, cache = CACHE): string {
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache)) {
    const owner = /^\.[a-z]+-(\d+)-/.exec(name)?.[1];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    rmSync(join(cache, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(cache, `.${purpose}-${process.pid}-`));
}
