import { readdirSync, readFileSync, statSync } from "node:fs";
import { errnoOf } from "../cli/error.ts";
import { type Check, lacks, works } from "./capability.ts";
import { asRoot, isRoot, startAsRoot } from "./fix.ts";

/** /proc/PID: the kernel's own counters, against which everything else is balanced. */
export const proc: Check = {
  severity: "fail",
  loses: "everything: the kernel's own counters are there",
  attempt: () => {
    if (refusal("/proc/self/stat") !== null)
      return lacks("/proc is not mounted", asRoot("mount -t proc proc /proc"));
    const stat = refusal("/proc/1/stat");
    if (stat !== null) {
      return lacks(`processes of other users are hidden (${stat}; hidepid?)`, startAsRoot(), {
        severity: "warn",
        loses: "processes of other users",
      });
    }
    if (canReadOthersMaps()) return works("counters and mappings of other processes can be read");
    return lacks("counters can be read, mappings of other users' processes cannot", startAsRoot(), {
      severity: "warn",
      loses: "mappings and PSS of processes of other users",
    });
  },
};

/**
 * Some process of another user (for root: any other) shows its mappings. One alone proves little: some are
 * protected even from root, and a kernel thread has none to show.
 */
function canReadOthersMaps(): boolean {
  return readdirSync("/proc").some((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      const isOther = isRoot() || statSync(`/proc/${pid}`).uid !== process.geteuid?.();
      return isOther && readFileSync(`/proc/${pid}/maps`).length > 0;
    } catch {
      return false; // refused, or gone
    }
  });
}

/** The errno name that reading gives; null where it can be read. */
function refusal(path: string): string | null {
  try {
    readFileSync(path);
    return null;
  } catch (error) {
    return errnoOf(error) ?? "unreadable";
  }
}
