import { readFileSync } from "node:fs";

/** Documentation/admin-guide/mm/transhuge.rst */
const THP = "/sys/kernel/mm/transparent_hugepage";

/** When anonymous memory gets huge pages at a fault: the word in brackets; null without THP. */
export function thpMode(root = THP): "always" | "madvise" | "never" | null {
  const word = chosen(`${root}/enabled`);
  return word === "always" || word === "madvise" || word === "never" ? word : null;
}

/** Whether memory that asks for huge pages (MADV_HUGEPAGE) may get them, by the two settings of the kernel. */
export interface HugePages {
  /** Private memory, the heap too. */
  anon: boolean;
  /** Shared memory without a mount of its own: MAP_SHARED | MAP_ANONYMOUS, memfd, SysV. */
  shmem: boolean;
}

/** Since Linux 6.8 each size has settings of its own, by default those for all ("inherit"). */
export function hugePages(root = THP): HugePages {
  const size = `${root}/hugepages-${Number(read(`${root}/hpage_pmd_size`) ?? 0) / 1024}kB`;
  const of = (name: string): string | null => {
    const own = chosen(`${size}/${name}`);
    return own === null || own === "inherit" ? chosen(`${root}/${name}`) : own;
  };
  const may = (word: string | null): boolean => word !== null && word !== "never" && word !== "deny";
  return { anon: may(of("enabled")), shmem: may(of("shmem_enabled")) };
}

const chosen = (file: string): string | null => /\[(\w+)\]/.exec(read(file) ?? "")?.[1] ?? null;

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null; // a kernel without it
  }
}
