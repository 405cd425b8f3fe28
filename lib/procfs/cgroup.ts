import { readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { EXIT, UserError } from "../cli/error.ts";

/** include/uapi/linux/magic.h */
const CGROUP2_SUPER_MAGIC = 0x63677270;
const CGROUP_SUPER_MAGIC = 0x27e0eb;

export interface Cgroup {
  directory: string;
  version: 1 | 2;
  /** v2: the ids (inode numbers) of the cgroup and of those below it, as `cgroup` in bpftrace tells them. */
  ids: number[];
}

/** One line of /proc/self/mounts, of which only cgroup mounts matter. */
interface CgroupMount {
  directory: string;
  version: 1 | 2;
}

/** The mounts of cgroup hierarchies in a mounts file; proc_pid_mountinfo(5) escapes spaces as \040. */
export function parseCgroupMounts(text: string): CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of text.split("\n")) {
    const [, directory, type] = line.split(" ");
    if (directory === undefined || (type !== "cgroup" && type !== "cgroup2")) continue;
    const unescaped = directory.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    mounts.push({ directory: unescaped, version: type === "cgroup2" ? 2 : 1 });
  }
  return mounts;
}

/**
 * Finds a cgroup by the path of its directory, or by its path within a mounted hierarchy
 * ("/system.slice/x.service"; v2 is looked at first, then the memory controller of v1).
 *
 * @throws UserError when there is none
 */
export function findCgroup(path: string, mountsFile = "/proc/self/mounts"): Cgroup {
  const mounts = parseCgroupMounts(readFileSync(mountsFile, "utf8"));
  const order = (mount: CgroupMount): number =>
    mount.version === 2 ? 0 : mount.directory.includes("memory") ? 1 : 2;
  const candidates = [
    path,
    ...mounts.sort((a, b) => order(a) - order(b)).map((m) => `${m.directory}/${path}`),
  ];
  for (const directory of candidates) {
    const version = versionOf(directory);
    if (version === null) continue;
    return { directory, version, ids: version === 2 ? subtreeIds(directory) : [] };
  }
  throw new UserError(`cannot open cgroup '${path}': no such directory in a cgroup file system`, EXIT.failed);
}

/** The processes of a cgroup and of those below it. */
export function cgroupMembers(directory: string): number[] {
  const pids = new Set<number>();
  for (const each of subtree(directory)) {
    try {
      for (const line of readFileSync(`${each}/cgroup.procs`, "utf8").split("\n")) {
        if (line !== "") pids.add(Number(line));
      }
    } catch {
      // removed meanwhile, or threaded (EOPNOTSUPP): its processes are listed in the domain above
    }
  }
  return [...pids];
}

function versionOf(directory: string): 1 | 2 | null {
  try {
    if (!statSync(directory).isDirectory()) return null;
    const { type } = statfsSync(directory);
    return type === CGROUP2_SUPER_MAGIC ? 2 : type === CGROUP_SUPER_MAGIC ? 1 : null;
  } catch {
    return null; // not there: the next candidate
  }
}

const subtreeIds = (directory: string): number[] => subtree(directory).map((each) => statSync(each).ino);

function subtree(directory: string): string[] {
  const below = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => subtree(`${directory}/${entry.name}`));
  return [directory, ...below];
}
