import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/** The memory controller's directory of a process, and those above it, up to the mount point. */
export interface MemoryCgroup {
  version: 1 | 2;
  /** The process's own first. */
  directories: string[];
}

interface Mount {
  /** The part of the hierarchy that is mounted: "/" unless in a container. */
  root: string;
  directory: string;
  type: string;
  options: string;
}

/** The mounts of a mountinfo file; proc_pid_mountinfo(5) escapes blanks as \040. */
function parseMountinfo(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root, directory] = before.split(" ").map(unescaped);
    const [type, , options] = after.split(" ");
    if (root === undefined || directory === undefined || type === undefined) return [];
    return [{ root, directory, type, options: options ?? "" }];
  });
}

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** The path of a process in the hierarchy of v1 memory and in v2; proc_pid_cgroup(5), cgroups(7). */
function pathsOf(text: string): { v1: string | null; v2: string | null } {
  const lines = text.split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return controllers === undefined || path === undefined ? [] : [{ controllers, path }];
  });
  const v1 = lines.find(({ controllers }) => controllers.split(",").includes("memory"));
  const v2 = lines.find(({ controllers }) => controllers === "");
  return { v1: v1?.path ?? null, v2: v2?.path ?? null };
}

/**
 * Where the memory of a process is charged. Null when the process is gone, or no memory controller can be seen.
 *
 * @param root the root directory of /proc and of the mounts, for tests
 */
export function readMemoryCgroup(pid: number, root = ""): MemoryCgroup | null {
  let mounts: Mount[];
  let paths: ReturnType<typeof pathsOf>;
  try {
    mounts = parseMountinfo(readFileSync(`${root}/proc/self/mountinfo`, "utf8"));
    paths = pathsOf(readFileSync(`${root}/proc/${pid}/cgroup`, "utf8"));
  } catch {
    return null; // gone
  }
  // a controller belongs to one hierarchy: v1's memory, where it is mounted, is not in v2
  const v1 = mounts.find(({ type, options }) => type === "cgroup" && options.split(",").includes("memory"));
  const mount = paths.v1 !== null && v1 !== undefined ? v1 : mounts.find(({ type }) => type === "cgroup2");
  const path = mount === v1 ? paths.v1 : paths.v2;
  if (mount === undefined || path === null) return null;
  const top = `${root}${mount.directory}`;
  const below =
    path.startsWith(`${mount.root}/`) && mount.root !== "/" ? path.slice(mount.root.length) : path;
  const own = `${top}${below === "/" || below === mount.root ? "" : below}`;
  const directories: string[] = [];
  // in a namespace of its own the path may lead out of what is mounted here
  for (let each = existsSync(own) ? own : top; each.startsWith(top); each = dirname(each))
    directories.push(each);
  return { version: mount === v1 ? 1 : 2, directories };
}
