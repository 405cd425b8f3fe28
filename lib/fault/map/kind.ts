import type { RegionKind } from "../../metric/map-record.ts";

/** What of a mapping tells its kind. */
export interface Described {
  path: string;
  permissions: string;
}

/** Files that are memory: shmem and memfd have such paths in /proc/PID/maps. */
const SHMEM = /^(\/memfd:|\/dev\/shm\/|\/SYSV[0-9a-f]{8})/;
/** The path of MAP_SHARED | MAP_ANONYMOUS, too: the kernel makes a file for it (shmem_zero_setup in mm/shmem.c). */
const ZERO = /^\/dev\/zero( \(deleted\))?$/;
const VDSO = /^\[(vdso|vvar\w*|vsyscall)\]$/;

/** The kind of a mapping by its path and permissions. perf calls anonymous memory "//anon". */
export function kindOf({ path, permissions }: Described): RegionKind {
  if (path === "[heap]") return "heap";
  if (path === "[stack]") return "stack";
  if (VDSO.test(path)) return "vdso";
  if (isAnonymous(path) || ZERO.test(path)) {
    if (permissions[3] === "s") return "shmem";
    return permissions[2] === "x" ? "jit" : "anon";
  }
  if (SHMEM.test(path)) return "shmem";
  return path.startsWith("/") ? "file" : "other";
}

/** Without a file; prctl(PR_SET_VMA_ANON_NAME) may have named it. */
export const isAnonymous = (path: string): boolean =>
  path === "" || path === "//anon" || path.startsWith("[anon");

/** What people call it: the file's own name, the given name, or the kind. */
export function nameOf(kind: RegionKind, path: string): string {
  const given = /^\[anon(?:_shmem)?:(.*)\]$/s.exec(path)?.[1];
  if (given !== undefined) return given;
  if (isAnonymous(path) || ZERO.test(path)) return kind;
  const file = path.replace(/ \(deleted\)$/, "");
  return file.startsWith("/") ? file.slice(file.lastIndexOf("/") + 1) || file : path;
}
