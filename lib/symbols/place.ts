/** Executable memory of a process: what was mapped there, and from where. Addresses and sizes in bytes. */
export interface CodeMapping {
  start: number;
  end: number;
  /** Of its first byte in the file. */
  offset: number;
  /** 0 where it is no file. */
  inode: number;
  /** As /proc/PID/maps has it. */
  path: string;
}

/** An instruction, with what was mapped there when it ran; null where that is not known, or the kernel. */
export interface Place {
  /** The kernel's are negative: minus 2^64, so that they are exact. */
  address: number;
  mapping: CodeMapping | null;
}

/** A place in a mapping. */
export type FilePlace = Place & { mapping: CodeMapping };

/** The function that a place is in. */
export interface FunctionName {
  name: string;
  /** The file, "[kernel]", a "[module]" of it, or the map that a JIT wrote. */
  file: string;
}

export const isKernel = ({ address, mapping }: Place): boolean => address < 0 && mapping === null;

/** Memory that a JIT may have written code to: perf's is_anon_memory() of tools/perf/util/map.c. */
export const isWritten = ({ inode, path }: CodeMapping): boolean =>
  /^(\/memfd:|\/dev\/zero\b|\/SYSV)/.test(path) || (inode === 0 && (path === "" || path.startsWith("[anon")));

/** Which file it is: inodes of two file systems may be the same, with the path they are not mixed up. */
export const fileKey = ({ inode, path }: CodeMapping): string => `${inode} ${path}`;
