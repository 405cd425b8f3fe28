import { messageOf, UserError } from "../../cli/error.ts";
import { hasTracepoint } from "../../kernel/tracefs.ts";
import { listThreads } from "../../procfs/processes.ts";
import { attachCounters } from "../counters.ts";
import type { AttachedSource, SourceOptions, Tick } from "../source.ts";
import { attachBpftrace, type BpftracePlan } from "./attach.ts";
import type { ScriptName } from "./script.ts";

/** Above this many threads a perf event in each of them costs more than a third probe. */
const FEW_THREADS = 32;

/** bpftrace on the software events minor-faults and major-faults: exact, on every architecture. */
export async function attachSoftwareEvents(options: SourceOptions): Promise<AttachedSource> {
  const degraded: string[] = [];
  const scripts: ScriptName[] = [options.latency ? "latency" : "faults"];
  const types = options.types && hasTracepoint("exceptions:page_fault_user");
  if (types) scripts.push("types");
  else if (options.types)
    degraded.push("access types need tracepoint exceptions:page_fault_user (x86, tracefs)");
  if (hasTracepoint("sched:sched_process_exit")) scripts.push("exits");
  else degraded.push("without tracefs the kernel's counters of a process that ends are not known");

  const counted = countedBeside(options);
  if (!counted) scripts.push("entries");
  const plan: BpftracePlan = {
    scripts,
    entries: !counted,
    latency: options.latency,
    types,
    description: "bpftrace on software events minor-faults and major-faults",
    degraded,
  };
  const bpf = await attachBpftrace(plan, options);
  return counted ? withEntries(bpf, options) : bpf;
}

/** bpftrace on handle_mm_fault(): by its exit trampoline where that attaches, else by kprobe and kretprobe. */
export async function attachHandler(options: SourceOptions): Promise<AttachedSource> {
  const degraded: string[] = [];
  if (options.latency) degraded.push("latency comes with the software events (--via bpftrace)");
  const types = options.types && hasTracepoint("exceptions:page_fault_user");
  const extra: ScriptName[] = [];
  if (types) extra.push("types");
  else if (options.types)
    degraded.push("access types need tracepoint exceptions:page_fault_user (x86, tracefs)");
  if (hasTracepoint("sched:sched_process_exit")) extra.push("exits");
  const plan = (script: ScriptName, description: string): BpftracePlan => ({
    scripts: [script, ...extra],
    entries: false,
    latency: false,
    types,
    description,
    degraded,
  });
  try {
    return await attachBpftrace(plan("fentry", "bpftrace on fexit of handle_mm_fault"), options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    degraded.push(
      `fentry does not attach (${messageOf(error)}): faults that sleep may exhaust the kretprobe`,
    );
    return attachBpftrace(plan("kprobe", "bpftrace on kprobe and kretprobe of handle_mm_fault"), options);
  }
}

/** Failed faults cost least as a plain perf counter beside the probes, where one can be had per process. */
function countedBeside(options: SourceOptions): boolean {
  const { scope } = options;
  if (scope.kind !== "pids" || scope.follow || options.perThread) return false;
  const threads = scope.pids.reduce((sum, pid) => sum + listThreads(pid).length, 0);
  return threads <= FEW_THREADS;
}

/** Adds the counters' entries to the ticks of bpftrace. Without them (no helper, refused) they stay null. */
async function withEntries(bpf: AttachedSource, options: SourceOptions): Promise<AttachedSource> {
  let counters: AttachedSource;
  try {
    counters = await attachCounters(options, "entries");
  } catch (error) {
    return { ...bpf, degraded: [...bpf.degraded, `failed faults are not counted (${messageOf(error)})`] };
  }
  let latest = new Map<number, number | null>();
  const reading = (async () => {
    try {
      for await (const tick of counters.ticks) latest = new Map(tick.tasks.map((t) => [t.pid, t.entries]));
    } catch {
      latest = new Map(); // it died: entries are unknown from here on, the counts go on
    }
  })();
  const stop = async (): Promise<void> => {
    await counters.stop();
    await bpf.stop();
  };
  async function* merged(): AsyncGenerator<Tick> {
    try {
      for await (const tick of bpf.ticks) {
        if (tick.final) {
          await counters.stop();
          await reading;
        }
        for (const task of tick.tasks) task.entries = latest.get(task.pid) ?? null;
        yield tick;
      }
    } finally {
      await stop();
    }
  }
  return { ...bpf, degraded: [...bpf.degraded, ...counters.degraded], ticks: merged(), stop };
}
