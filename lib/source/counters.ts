import { EXIT, UserError } from "../cli/error.ts";
import { withFix } from "../kernel/fix.ts";
import { helperPath } from "../paths.ts";
import { Queue } from "../subprocess/queue.ts";
import { startTracer } from "../subprocess/tracer.ts";
import type { AttachedSource, SourceOptions, TaskCounts, Tick } from "./source.ts";

/** One line of helpers-c/faultcount. */
export type FaultcountLine =
  | { type: "ready"; threads: number; unsure: number; userOnly: boolean }
  | { type: "count"; pid: number; entries: number; minor: number; major: number }
  | { type: "tick" }
  | { type: "final" }
  | { type: "other" };

export function parseFaultcountLine(line: string): FaultcountLine {
  const [word, ...rest] = line.split(" ");
  const at = (i: number): number => {
    const text = rest[i];
    return text === "-" ? 0 : Number(text ?? Number.NaN);
  };
  switch (word) {
    case "ready":
      return { type: "ready", threads: at(0), unsure: at(1), userOnly: rest[2] === "user" };
    case "count": {
      const counts = { pid: at(0), entries: at(1), minor: at(2), major: at(3) };
      return Object.values(counts).every(Number.isFinite) ? { type: "count", ...counts } : { type: "other" };
    }
    case "tick":
    case "final":
      return { type: word };
    default:
      return { type: "other" };
  }
}

/** What a user who is not root does not see: kernel.perf_event_paranoid above 1. */
export const USER_ONLY =
  "without root faults in kernel mode (in read, say) are not seen by perf: the books have them as untraced";

/** Plain perf counters, read by helpers-c/faultcount: exact totals, no BPF program per fault. */
export const attachAllCounters = (options: SourceOptions): Promise<AttachedSource> =>
  attachCounters(options, "all");

/**
 * @throws UserError when the scope cannot be counted by process, or the kernel refuses
 */
export async function attachCounters(
  options: SourceOptions,
  what: "all" | "entries",
): Promise<AttachedSource> {
  const { scope } = options;
  if (scope.kind !== "pids")
    throw new UserError("counters: only processes can be counted, no cgroup, not all");
  if (options.perThread) throw new UserError("counters: threads cannot be told apart (-t)");
  const degraded: string[] = [];
  if (what === "all") {
    if (options.latency) degraded.push("latency needs eBPF (--via bpftrace)");
    if (options.types) degraded.push("access types need eBPF (--via bpftrace)");
    if (scope.follow) degraded.push("forked children are counted in the row of the process they come from");
  }
  const queue = new Queue<Tick>();
  const ready = new Queue<FaultcountLine & { type: "ready" }>();
  let tasks: TaskCounts[] = [];
  let final = false;
  const tracer = await startTracer(
    helperPath("faultcount"),
    [
      ...(what === "entries" ? ["-e"] : []),
      ...(scope.follow ? ["-f"] : []),
      "-i",
      String(Math.max(1, Math.round(options.tick * 1000))),
      ...scope.pids.map(String),
    ],
    {
      onLine: (line) => {
        const parsed = parseFaultcountLine(line);
        if (parsed.type === "ready") ready.push(parsed);
        else if (parsed.type === "final") final = true;
        else if (parsed.type === "count") {
          const { pid, entries, minor, major } = parsed;
          tasks.push({ pid, tid: null, entries, minor, major, latency: null, types: null });
        } else if (parsed.type === "tick") {
          queue.push({ time: Date.now() / 1000, tasks, exits: new Map(), final });
          tasks = [];
        }
      },
    },
  );
  void tracer.ended.then((end) => {
    if (end.asked && final) queue.close();
    else queue.fail(new UserError(`faultcount ended: ${end.cause}`, EXIT.failed));
    ready.close();
  });
  const first = await ready[Symbol.asyncIterator]().next();
  if (first.value === undefined) {
    const end = await tracer.ended;
    throw new UserError(withFix(end.cause), EXIT.prerequisite);
  }
  if (first.value.userOnly) degraded.push(USER_ONLY);
  if (first.value.unsure > 0) {
    degraded.push(`${first.value.unsure} threads were born while the counters attached and may count twice`);
  }
  return {
    description: "perf counters page-faults, minor-faults and major-faults, read by faultcount",
    degraded,
    family: scope.follow,
    ticks: queue,
    stop: async () => void (await tracer.stop()),
    lost: () => 0,
  };
}
