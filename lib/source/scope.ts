import { EXIT, UserError } from "../cli/error.ts";
import { cgroupMembers } from "../procfs/cgroup.ts";
import { listPids, withDescendants } from "../procfs/processes.ts";
import type { Scope } from "./source.ts";

/** Said where a cgroup is followed by whom it has now. */
export const MEMBERS_ONLY =
  "the cgroup is followed by its members and their children: processes moved into it later are not seen";

/** The processes that a cgroup has now, and what they fork. @throws UserError when it has none */
export function membersOf(directory: string): Extract<Scope, { kind: "pids" }> {
  const pids = cgroupMembers(directory);
  if (pids.length === 0)
    throw new UserError(`cannot trace cgroup '${directory}': it has no processes`, EXIT.failed);
  return { kind: "pids", pids, follow: true };
}

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
