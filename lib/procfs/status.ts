import { readFileSync } from "node:fs";

/** The fields of /proc/PID/status by name, as text; proc_pid_status(5). */
export function parseStatus(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return fields;
}

/** The process that a thread belongs to; null when there is no such thread. */
export function readThreadGroup(tid: number, root = "/proc"): number | null {
  try {
    const tgid = parseStatus(readFileSync(`${root}/${tid}/status`, "utf8")).get("Tgid");
    return tgid === undefined ? null : Number(tgid);
  } catch {
    return null; // gone
  }
}
