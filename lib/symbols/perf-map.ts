import { constants, readFileSync } from "node:fs";
import { uptime } from "node:os";
import { CLOCK_TICKS_PER_SECOND, readPidStat } from "../procfs/pid-stat.ts";
import { parseStatus } from "../procfs/status.ts";
import { type Bytes, type OpenFile, openFile } from "./bytes.ts";
import { lowerBound } from "./elf-symbols.ts";

const PIECE = 1 << 20;
const LINE_MOST = 1 << 16;
/** What the clocks of a file and of a process may differ by. */
const SLACK_MS = 1000;
const LINE = /^(?:0x)?([0-9a-f]{1,16}) (?:0x)?([0-9a-f]{1,16}) (.+)$/i;

/**
 * The functions at addresses (ascending) by the map that a JIT writes: lines of start, size and name, the numbers
 * hexadecimal; tools/perf/Documentation/jit-interface.txt. Code that was compiled again is in it again: the last counts.
 */
export function functionsIn(map: Bytes, addresses: readonly number[]): Map<number, string> {
  const names = new Map<number, string>();
  let rest = "";
  const take = (line: string): void => {
    const [, from = "", length = "", name = ""] = LINE.exec(line) ?? [];
    const start = Number.parseInt(from, 16);
    const end = start + Number.parseInt(length, 16);
    if (Number.isNaN(end)) return;
    for (let i = lowerBound(addresses, start); i < addresses.length; i++) {
      const address = addresses[i] ?? end;
      if (address >= end) break;
      names.set(address, name);
    }
  };
  for (let at = 0; at < map.size; at += PIECE) {
    const lines = (rest + map.read(at, PIECE).toString("latin1")).split("\n");
    rest = (lines.pop() ?? "").slice(-LINE_MOST);
    lines.forEach(take);
  }
  take(rest);
  return new Map([...names].map(([address, name]) => [address, Buffer.from(name, "latin1").toString()]));
}

/**
 * Opens the map of a process: by its pid as it knows it itself, and in its own /tmp. Null where there is none,
 * or one that is older than the process: of another that had this pid.
 */
export function openPerfMap(pid: number): { path: string; map: OpenFile } | null {
  const own = pidInNamespace(pid);
  for (const path of [`/proc/${pid}/root/tmp/perf-${own}.map`, `/tmp/perf-${pid}.map`]) {
    const map = openFile(path, constants.O_NOFOLLOW);
    if (map === null) continue;
    if (map.changedMs >= bornMs(pid)) return { path: `/tmp/perf-${own}.map`, map };
    map.close();
  }
  return null;
}

/** NSpid: the pid in the innermost of its namespaces is the last. */
function pidInNamespace(pid: number): number {
  try {
    const all = parseStatus(readFileSync(`/proc/${pid}/status`, "utf8")).get("NSpid");
    return Number(all?.split(/\s+/).at(-1) ?? pid);
  } catch {
    return pid; // gone: it had the same number, as most have
  }
}

/** Unix time in ms at which it began; 0 when it is gone. */
function bornMs(pid: number): number {
  const stat = readPidStat(pid);
  if (stat === null) return 0;
  const bootMs = Date.now() - uptime() * 1000;
  return bootMs + (stat.startTime / CLOCK_TICKS_PER_SECOND) * 1000 - SLACK_MS;
}
