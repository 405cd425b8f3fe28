import { readFileSync } from "node:fs";

/** Microseconds in which some task waited: "some ... total=N" (Documentation/accounting/psi.rst); null without PSI. */
export function readPressure(path: string): number | null {
  try {
    const total = /^some .*\btotal=(\d+)$/m.exec(readFileSync(path, "utf8"))?.[1];
    return total === undefined ? null : Number(total);
  } catch {
    return null; // not built in, or off (EOPNOTSUPP)
  }
}
