import { mkdirSync, readFileSync, rmdirSync } from "node:fs";
import type { TestContext } from "node:test";
import { parseCgroupMounts } from "../../lib/procfs/cgroup.ts";

/** A new memory cgroup, v1 or v2, which the test removes at its end; null where none can be made. */
export function memoryCgroup(t: TestContext): string | null {
  for (const mount of parseCgroupMounts(readFileSync("/proc/self/mounts", "utf8"))) {
    if (mount.version === 1 && !mount.directory.endsWith("/memory")) continue;
    const directory = `${mount.directory}/known-${process.pid}`;
    try {
      mkdirSync(directory);
    } catch {
      continue; // read-only, or not ours
    }
    t.after(() => rmdirSync(directory));
    return directory;
  }
  return null;
}
