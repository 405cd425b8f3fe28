import { readFileSync } from "node:fs";
import { type Mapping, parseMapsLine } from "./maps.ts";

/** What smaps says of one mapping, bytes; proc_pid_smaps(5), smaps_account() in fs/proc/task_mmu.c. */
export interface SmapsEntry extends Mapping {
  rss: number;
  pss: number;
  /** Pages with an accessed bit, the process's own or another's, since it was last cleared. */
  referenced: number;
  /** Pages that belong to no file, copies of file pages too. */
  anonymous: number;
  anonHuge: number;
  shmemHuge: number;
  fileHuge: number;
  /** hugetlbfs, which neither rss nor referenced contains. */
  hugetlb: number;
  swap: number;
  /** Huge pages may lie in it, also such as are not mapped as one. */
  hugeEligible: boolean;
  /** VmFlags: "rd", "sd", "uw" ... */
  flags: string;
}

type Field = Exclude<keyof SmapsEntry, keyof Mapping | "hugeEligible" | "flags">;

type Line = readonly [begin: string, field: Field | "hugeEligible" | "flags"];

/** How lines of smaps begin, most of which are passed over. */
const FIELDS: readonly Line[] = [
  ["Rss:", "rss"],
  ["Pss:", "pss"],
  ["Referenced:", "referenced"],
  ["Anonymous:", "anonymous"],
  ["AnonHugePages:", "anonHuge"],
  ["ShmemPmdMapped:", "shmemHuge"],
  ["FilePmdMapped:", "fileHuge"],
  ["Shared_Hugetlb:", "hugetlb"],
  ["Private_Hugetlb:", "hugetlb"],
  ["Swap:", "swap"],
  ["THPeligible:", "hugeEligible"],
  ["VmFlags:", "flags"],
];

/** By their first letter: a process may have a million lines. */
const BY_LETTER = Array.from({ length: 128 }, (_, letter) =>
  FIELDS.filter(([begin]) => begin.charCodeAt(0) === letter),
);

/** Parses an smaps file; lines that are not known are passed over. */
export function parseSmaps(text: string): SmapsEntry[] {
  const entries: SmapsEntry[] = [];
  let entry: SmapsEntry | null = null;
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf("\n", from);
    const end = newline < 0 ? text.length : newline;
    const first = text.charCodeAt(from);
    // "Name:" begins with a capital, an address with a digit or a small letter
    if (first >= 65 && first <= 90) {
      const fields = BY_LETTER[first] ?? [];
      for (let i = 0; entry !== null && i < fields.length; i++)
        if (takeField(entry, fields[i] as Line, text, from, end)) break;
    } else {
      const mapping = parseMapsLine(text.slice(from, end));
      if (mapping !== null) {
        entry = emptyEntry(mapping);
        entries.push(entry);
      }
    }
    from = end + 1;
  }
  return entries;
}

/** Whether the line is this one. */
function takeField(
  entry: SmapsEntry,
  [begin, field]: Line,
  text: string,
  line: number,
  end: number,
): boolean {
  if (!text.startsWith(begin, line)) return false;
  const from = line + begin.length;
  if (field === "flags") entry.flags = text.slice(from, end).trim();
  else if (field === "hugeEligible") entry.hugeEligible = numberAt(text, from, end) === 1;
  else entry[field] += 1024 * numberAt(text, from, end);
  return true;
}

/** The decimal number after spaces; 0 where there is none. */
function numberAt(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && text.charCodeAt(at) === 32) at++;
  let value = 0;
  for (; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) break;
    value = 10 * value + digit;
  }
  return value;
}

/** A mapping that smaps says nothing more of. Written out: a spread takes V8 eight microseconds. */
export const emptyEntry = (mapping: Mapping): SmapsEntry => ({
  start: mapping.start,
  end: mapping.end,
  permissions: mapping.permissions,
  offset: mapping.offset,
  device: mapping.device,
  inode: mapping.inode,
  path: mapping.path,
  rss: 0,
  pss: 0,
  referenced: 0,
  anonymous: 0,
  anonHuge: 0,
  shmemHuge: 0,
  fileHuge: 0,
  hugetlb: 0,
  swap: 0,
  hugeEligible: false,
  flags: "",
});

/** The mappings of a process; null when it is gone or may not be read. */
export function readSmaps(pid: number, root = "/proc"): SmapsEntry[] | null {
  try {
    return parseSmaps(readFileSync(`${root}/${pid}/smaps`, "utf8"));
  } catch {
    return null; // gone, or another user's
  }
}
