import { EXIT, UserError } from "../../cli/error.ts";
import { withFix } from "../../kernel/fix.ts";
import { Queue } from "../../subprocess/queue.ts";
import { startTracer } from "../../subprocess/tracer.ts";
import type { AttachedSource, SourceOptions, Tick } from "../source.ts";
import { parseBpftraceLine } from "./json.ts";
import { exitsOf, largestMap, type Maps, tasksOf } from "./maps.ts";
import { compose, onlyProcess, type ScriptName } from "./script.ts";

/** Printed once all probes are attached, on stderr or stdout by version. */
const READY = "__BPFTRACE_NOTIFY_PROBES_ATTACHED";
const ATTACH_LIMIT_MS = 30_000;
/** Keys a map may hold: bpftrace's default is enough for one process, not for a machine. */
const FEW_KEYS = 4096;
const MANY_KEYS = 65_536;

export interface BpftracePlan {
  scripts: ScriptName[];
  entries: boolean;
  latency: boolean;
  types: boolean;
  description: string;
  degraded: string[];
}

/**
 * Runs a program composed of scripts in bt/ and turns its maps into ticks.
 *
 * @throws UserError when bpftrace is missing or its probes do not attach
 */
export async function attachBpftrace(plan: BpftracePlan, options: SourceOptions): Promise<AttachedSource> {
  const tickMs = Math.max(1, Math.round(options.tick * 1000));
  const program = compose(plan.scripts, options.scope, tickMs, options.perThread);
  const narrow = options.scope.kind === "pids" && !options.scope.follow && !options.perThread;
  const keys = narrow && !plan.latency ? FEW_KEYS : MANY_KEYS;
  const maps: Maps = new Map();
  const queue = new Queue<Tick>();
  const ready = new Queue<true>();
  const reading = { ...plan, perThread: options.perThread, only: onlyProcess(options.scope) };
  const pids = options.scope.kind === "pids" ? options.scope.pids : [];
  let full = false;
  let lastLine = Date.now();

  const tick = (final: boolean): void => {
    full ||= largestMap(maps) >= keys;
    queue.push({ time: lastLine / 1000, tasks: tasksOf(maps, reading, pids), exits: exitsOf(maps), final });
  };
  const take = (line: string): void => {
    lastLine = Date.now();
    const message = parseBpftraceLine(line);
    if (message.type === "map") maps.set(message.name, message.entries);
    else if (message.type === "printf" && message.text.startsWith("tick")) tick(false);
    else if (line.includes(READY)) ready.push(true);
  };
  const tracer = await startTracer("bpftrace", ["-f", "json", "-e", program], {
    // both names of each: what one version reads the other ignores (docs/sources.md)
    env: {
      __BPFTRACE_NOTIFY_PROBES_ATTACHED: "1",
      BPFTRACE_MAP_KEYS_MAX: String(keys),
      BPFTRACE_MAX_MAP_KEYS: String(keys),
    },
    onLine: take,
    onErrorLine: (line) => {
      if (line.includes(READY)) ready.push(true);
    },
  });
  void tracer.ended.then((end) => {
    if (end.asked) {
      tick(true);
      queue.close();
    } else {
      tick(true);
      queue.fail(new UserError(`bpftrace ended: ${end.cause}`, EXIT.failed));
    }
    ready.close();
  });

  let late = false;
  const limit = setTimeout(() => {
    late = true;
    void tracer.stop();
  }, ATTACH_LIMIT_MS);
  const attached = (await ready[Symbol.asyncIterator]().next()).value === true;
  clearTimeout(limit);
  if (!attached) {
    const end = await tracer.stop();
    const why = late ? `its probes were not attached after ${ATTACH_LIMIT_MS / 1000} s` : end.cause;
    throw new UserError(`bpftrace: ${withFix(why)}`, EXIT.prerequisite);
  }
  return {
    description: plan.description,
    degraded: plan.degraded,
    ticks: queue,
    stop: async () => void (await tracer.stop()),
    lost: () => (full ? null : 0),
  };
}
