import { existsSync, mkdirSync, mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import type { TestContext } from "node:test";
import { execa } from "execa";
import { until } from "../helpers-c/programs.ts";

/** Where cgroup v2 is, mounted for the test where it is not; throws where the kernel has none. */
export async function cgroup2(t: TestContext): Promise<string> {
  for (const directory of ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]) {
    if (existsSync(`${directory}/cgroup.controllers`)) return directory;
  }
  const directory = mkdtempSync(`${tmpdir()}/pgfaultstat-cgroup2-`);
  await execa("mount", ["-t", "cgroup2", "none", directory]);
  t.after(async () => {
    await execa("umount", [directory]);
    rmdirSync(directory);
  });
  return directory;
}

/** A cgroup of the test's own, with a sub-cgroup; both are removed when they are empty. */
export async function makeCgroup(t: TestContext, parent: string): Promise<string> {
  const directory = `${parent}/pgfaultstat-test-${process.pid}`;
  mkdirSync(`${directory}/below`, { recursive: true });
  t.after(async () => {
    const removed = (): boolean => {
      try {
        if (existsSync(`${directory}/below`)) rmdirSync(`${directory}/below`);
        rmdirSync(directory);
        return true;
      } catch {
        return false; // a process that was killed has not left it yet
      }
    };
    await until("the cgroup can be removed", removed);
  });
  return directory;
}

/** The directory of cgroups v1 whose members a test may be; null where there is none. */
export function cgroup1(): string | null {
  const directory = "/sys/fs/cgroup/memory";
  return existsSync(`${directory}/cgroup.procs`) ? directory : null;
}
