import { readFileSync } from "node:fs";

/** Documentation/admin-guide/mm/transhuge.rst */
const ENABLED = "/sys/kernel/mm/transparent_hugepage/enabled";

/** When anonymous memory gets huge pages at a fault: the word in brackets; null without THP. */
export function thpMode(file = ENABLED): "always" | "madvise" | "never" | null {
  try {
    const word = /\[(always|madvise|never)\]/.exec(readFileSync(file, "utf8"))?.[1];
    return word === "always" || word === "madvise" || word === "never" ? word : null;
  } catch {
    return null; // a kernel without it
  }
}
