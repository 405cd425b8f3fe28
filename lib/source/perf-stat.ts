import { EXIT, UserError } from "../cli/error.ts";
import { Queue } from "../subprocess/queue.ts";
import { startTracer, type Tracer } from "../subprocess/tracer.ts";
import type { AttachedSource, SourceOptions, TaskCounts, Tick } from "./source.ts";

/** The events, entries last: when the last of an interval is printed, the interval is complete. */
const EVENTS = ["minor-faults", "major-faults", "page-faults"] as const;
type PerfEvent = (typeof EVENTS)[number];

export interface PerfStatLine {
  /** Seconds since perf started. */
  interval: number;
  event: string;
  /** Null where perf says <not counted> or <not supported>. */
  value: number | null;
}

/**
 * One line of `perf stat -j -I`: a JSON object, its value a string. Some versions add commas or
 * leave out the interval; such lines are null.
 * Format: tools/perf/util/stat-display.c (print_counter_value_json).
 */
export function parsePerfStatLine(line: string): PerfStatLine | null {
  if (!line.startsWith("{")) return null;
  let object: unknown;
  try {
    object = JSON.parse(line);
  } catch {
    return null; // cut by the death of perf
  }
  if (typeof object !== "object" || object === null) return null;
  const fields = new Map(Object.entries(object));
  const interval = Number(fields.get("interval"));
  const event = fields.get("event");
  if (typeof event !== "string" || !Number.isFinite(interval)) return null;
  const value = Number.parseFloat(String(fields.get("counter-value")));
  return { interval, event: event.replace(/:[a-zA-Z]*$/, ""), value: Number.isFinite(value) ? value : null };
}

/**
 * `perf stat -I`, one process each. perf counts forked children with the process they come from and
 * cannot be told otherwise without losing new threads.
 */
export async function attachPerfStat(options: SourceOptions): Promise<AttachedSource> {
  const { scope } = options;
  if (scope.kind !== "pids") throw new UserError("perf: only processes can be counted, no cgroup, not all");
  if (options.perThread) throw new UserError("perf: threads cannot be told apart (-t)");
  const degraded = ["perf stat counts forked children in the row of the process they come from"];
  if (options.latency) degraded.push("latency needs eBPF (--via bpftrace)");
  if (options.types) degraded.push("access types need eBPF (--via bpftrace)");
  const queue = new Queue<Tick>();
  const totals = new Map<number, TaskCounts>();
  const ends = scope.pids.map((pid) => ({ pid, pending: 0 }));
  const publish = (final: boolean): void => {
    const tasks = [...totals.values()].map((task) => ({ ...task }));
    queue.push({ time: Date.now() / 1000, tasks, exits: new Map(), final });
  };
  const tracers = await Promise.all(
    ends.map(async (target) => {
      const counts: TaskCounts = {
        pid: target.pid,
        tid: null,
        minor: 0,
        major: 0,
        entries: 0,
        latency: null,
        types: null,
      };
      totals.set(target.pid, counts);
      return startTracer("perf", perfArguments(target.pid, options.tick), {
        linesFrom: "fd3",
        onLine: (line) => {
          const parsed = parsePerfStatLine(line);
          if (parsed === null) return;
          add(counts, parsed);
          if (parsed.event !== "page-faults") return;
          target.pending += 1;
          if (ends.every((each) => each.pending > 0)) {
            for (const each of ends) each.pending -= 1;
            publish(false);
          }
        },
      });
    }),
  );
  let left = tracers.length;
  for (const tracer of tracers) {
    void tracer.ended.then((end) => {
      // perf ends by itself when its process is gone; after our signal it dies by it
      const fine = end.asked || end.exitCode === 0;
      if (!fine) {
        publish(true);
        queue.fail(new UserError(`perf ended: ${end.complaint || end.signal}`, EXIT.failed));
      }
      left -= 1;
      if (left > 0) return;
      publish(true);
      queue.close();
    });
  }
  await enableOrThrow(tracers, queue);
  return {
    description: "perf stat -I on minor-faults, major-faults and page-faults",
    degraded,
    ticks: queue,
    stop: async () => {
      await Promise.all(tracers.map((tracer) => tracer.stop()));
    },
    lost: () => 0,
  };
}

function perfArguments(pid: number, tick: number): string[] {
  const interval = Math.max(10, Math.round(tick * 1000)); // perf refuses less than 10 ms in some versions
  const output = ["-j", "-I", String(interval), "--log-fd", "3"];
  return ["stat", ...output, "-D", "-1", "--control", "fd:4,5", "-e", EVENTS.join(), "-p", String(pid)];
}

function add(counts: TaskCounts, line: PerfStatLine): void {
  const value = line.value ?? 0; // a process that did not run is <not counted>: for software events that is 0
  const take: Record<PerfEvent, () => void> = {
    "minor-faults": () => {
      counts.minor += value;
    },
    "major-faults": () => {
      counts.major += value;
    },
    "page-faults": () => {
      counts.entries = (counts.entries ?? 0) + value;
    },
  };
  for (const event of EVENTS) if (event === line.event) take[event]();
}

/** perf opens its counters disabled and acknowledges the command that enables them: attached for certain. */
async function enableOrThrow(tracers: readonly Tracer[], queue: Queue<Tick>): Promise<void> {
  await Promise.all(tracers.map((tracer) => tracer.command("enable")));
  const early = await Promise.race([...tracers.map((tracer) => tracer.ended), null]);
  if (early === null) return;
  queue.close();
  await Promise.all(tracers.map((tracer) => tracer.stop()));
  throw new UserError(`perf: ${early.complaint || "ended at once"}`, EXIT.prerequisite);
}
