import type { EndedBy } from "../../metric/record.ts";
import { isDead, readPidStat } from "../../procfs/pid-stat.ts";
import type { SessionOptions } from "./session.ts";

/** How often the targets are looked at: how late their end is noticed. */
const WATCH_MS = 100;
/** How long COMMAND may take to end by a Ctrl-C before the measurement ends without it. */
const COMMAND_GRACE_MS = 300;

/** It has not ended; where it has, its launcher will say so, however late on a busy machine. */
function runs(pid: number): boolean {
  const stat = readPidStat(pid);
  return stat !== null && !(isDead(stat) && stat.threads <= 1);
}

/** Calls `end` when the measurement is to end for a reason other than its count. */
export function watchEnds(
  options: Pick<SessionOptions, "target" | "duration" | "signal">,
  end: (by: EndedBy) => void,
): { close(): void } {
  const timers: NodeJS.Timeout[] = [];
  const { pids, command } = options.target;
  const onAbort = (): void => {
    // Ctrl-C met COMMAND too: its own end, if it comes, closes the books exactly
    if (command === null) end("interrupt");
    else timers.push(setTimeout(() => runs(command.pid) && end("interrupt"), COMMAND_GRACE_MS));
  };
  if (options.signal.aborted) onAbort();
  else options.signal.addEventListener("abort", onAbort);
  if (options.duration !== null) timers.push(setTimeout(() => end("duration"), options.duration * 1000));
  if (command === null && pids.length > 0) {
    const births = new Map(pids.map((pid) => [pid, readPidStat(pid)?.startTime]));
    const lives = (pid: number): boolean => {
      const stat = readPidStat(pid);
      return stat !== null && stat.startTime === births.get(pid) && !(isDead(stat) && stat.threads <= 1);
    };
    timers.push(
      setInterval(() => {
        if (!pids.some(lives)) end("exit");
      }, WATCH_MS),
    );
  }
  return {
    close: () => {
      options.signal.removeEventListener("abort", onAbort);
      for (const timer of timers) clearInterval(timer);
    },
  };
}
