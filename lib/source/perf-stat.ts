import { EXIT, UserError } from "../cli/error.ts";
import { withFix } from "../kernel/fix.ts";
import { countsUserModeOnly } from "../kernel/perf.ts";
import { Queue } from "../subprocess/queue.ts";
import { startTracer, type Tracer } from "../subprocess/tracer.ts";
import { USER_ONLY } from "./counters.ts";
import type { AttachedSource, SourceOptions, TaskCounts, Tick } from "./source.ts";

/** The events, entries last: when the last of an interval is printed, the interval is complete. */
const EVENTS = ["minor-faults", "major-faults", "page-faults"] as const;
type PerfEvent = (typeof EVENTS)[number];

/**
 * perf prints nothing of an interval that a signal cuts short. So its own intervals are short, several
 * make a tick, and the end waits for the one that follows the disabling of the events.
 */
const LONGEST_INTERVAL_S = 0.2;
/** perf refuses less. */
const SHORTEST_INTERVAL_S = 0.01;

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
  const interval = fields.get("interval");
  const event = fields.get("event");
  if (typeof event !== "string" || typeof interval !== "number") return null;
  const count = fields.get("counter-value");
  const value = typeof count === "string" ? Number.parseFloat(count) : Number.NaN;
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
  if (countsUserModeOnly()) degraded.push(USER_ONLY);
  const queue = new Queue<Tick>();
  const totals = new Map<number, TaskCounts>();
  const perTick = Math.ceil(options.tick / LONGEST_INTERVAL_S);
  const interval = Math.max(SHORTEST_INTERVAL_S, options.tick / perTick);
  const rounds = new Map(scope.pids.map((pid) => [pid, 0]));
  let complete = 0;
  let onRound = (): void => undefined;
  const publish = (final: boolean): void => {
    const tasks = [...totals.values()].map((task) => ({ ...task }));
    queue.push({ time: Date.now() / 1000, tasks, exits: new Map(), final });
  };
  const roundOf = (pid: number): void => {
    rounds.set(pid, (rounds.get(pid) ?? 0) + 1);
    if (Math.min(...rounds.values()) === complete) return;
    complete += 1;
    if (complete % perTick === 0) publish(false);
    onRound();
  };
  const tracers = await Promise.all(
    scope.pids.map((pid) => {
      const counts: TaskCounts = {
        pid,
        tid: null,
        minor: 0,
        major: 0,
        entries: 0,
        latency: null,
        types: null,
      };
      totals.set(pid, counts);
      return startTracer("perf", perfArguments(pid, interval), {
        linesFrom: "fd3",
        onLine: (line) => {
          const parsed = parsePerfStatLine(line);
          if (parsed === null) return;
          add(counts, parsed);
          if (parsed.event === "page-faults") roundOf(pid);
        },
      });
    }),
  );
  /** Resolves after so many more rounds of all, or when perf has ended. */
  const roundsPass = async (n: number): Promise<void> => {
    const until = complete + n;
    const passed = new Promise<void>((resolve) => {
      onRound = () => {
        if (complete >= until) resolve();
      };
    });
    await Promise.race([passed, ...tracers.map((tracer) => tracer.ended)]);
  };
  let left = tracers.length;
  let cut = false;
  for (const tracer of tracers) {
    void tracer.ended.then((end) => {
      // perf ends by itself when its process is gone; after our signal it dies by it
      const fine = end.asked || end.exitCode === 0;
      // by itself it ends without printing what came after its last interval
      cut ||= !end.asked;
      if (!fine) {
        publish(true);
        queue.fail(new UserError(`perf ended: ${end.cause}`, EXIT.failed));
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
    family: scope.follow,
    ticks: queue,
    stop: async (onDetached) => {
      await Promise.all(tracers.map((tracer) => tracer.command("disable")));
      onDetached?.();
      // a round that was read before may still be under way: the second was read after
      await roundsPass(2);
      await Promise.all(tracers.map((tracer) => tracer.stop()));
    },
    lost: () => (cut ? null : 0),
  };
}

function perfArguments(pid: number, interval: number): string[] {
  const output = ["-j", "-I", String(Math.round(interval * 1000)), "--log-fd", "3"];
  return [
    "stat",
    ...output,
    "-D",
    "-1",
    "--control",
    "fd:4,5",
    "-e",
    `{${EVENTS.join()}}`,
    "-p",
    String(pid),
  ];
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
  throw new UserError(`perf: ${withFix(early.cause)}`, EXIT.prerequisite);
}
