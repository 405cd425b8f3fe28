import { EXIT, UserError } from "../../cli/error.ts";
import { Queue } from "../../subprocess/queue.ts";
import type { AttachedSource, SourceOptions, Tick } from "../source.ts";
import { parseBpftraceLine } from "./json.ts";
import { exitsOf, largestMap, type Maps, tasksOf } from "./maps.ts";
import { compose, onlyProcess, type ScriptName } from "./script.ts";
import { startBpftrace } from "./start.ts";

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
  };
  const tracer = await startBpftrace({ program, keys, format: "json", onLine: take });
  void tracer.ended.then((end) => {
    if (end.asked) {
      tick(true);
      queue.close();
    } else {
      tick(true);
      queue.fail(new UserError(`bpftrace ended: ${end.cause}`, EXIT.failed));
    }
  });
  return {
    description: plan.description,
    degraded: plan.degraded,
    ticks: queue,
    stop: async () => void (await tracer.stop()),
    lost: () => (full ? null : 0),
  };
}
