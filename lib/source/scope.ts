import { cgroupMembers } from "../procfs/cgroup.ts";
import { listPids, withDescendants } from "../procfs/processes.ts";
import type { Scope } from "./source.ts";

/** The processes of a scope at this moment. */
export function pidsOf(scope: Scope, root = "/proc"): number[] {
  switch (scope.kind) {
    case "all":
      return listPids(root);
    case "cgroup":
      return cgroupMembers(scope.directory);
    case "pids":
      return scope.follow ? withDescendants(scope.pids, root) : scope.pids;
  }
}
