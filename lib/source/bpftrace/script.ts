import { readFileSync } from "node:fs";
import { ROOT } from "../../paths.ts";
import type { Scope } from "../source.ts";

/** The scripts in bt/ that can be composed: each answers one question and also runs alone. */
export type ScriptName = "faults" | "entries" | "latency" | "types" | "exits" | "kprobe" | "fentry";

/** How the scripts name their one process, and what a wider scope puts in its place. */
const ONE_PROCESS = "/pid == $1/";
const INTERVAL = /^interval:s:1 \{(.*)\}$/m;
/** A program has one END at most: 0.17 refuses a second. */
const END = /^END \{(.*)\}$/m;

/**
 * Processes by a map instead of by name: seeded before the probes attach, joined by every task that
 * one of them forks (threads too, which does no harm: predicates ask for the pid), left when the
 * kernel frees the task, since only then can its number be given to another.
 */
const trackedScript = (pids: readonly number[]): string => `
BEGIN { ${pids.map((pid) => `@tracked[${pid}] = 1;`).join(" ")} }
tracepoint:sched:sched_process_fork /@tracked[pid]/ { @tracked[args->child_pid] = 1; }
tracepoint:sched:sched_process_free { delete(@tracked[args->pid]); }
END { clear(@tracked); }
`;

/** The filter of a scope, and the probes that keep it. */
export function scopeFilter(scope: Scope): { predicate: string; probes: string } {
  switch (scope.kind) {
    case "all":
      return { predicate: "/pid != 0/", probes: "" };
    case "cgroup":
      return { predicate: `/${scope.ids.map((id) => `cgroup == ${id}`).join(" || ")}/`, probes: "" };
    case "pids": {
      if (scope.follow) return { predicate: "/@tracked[pid]/", probes: trackedScript(scope.pids) };
      return { predicate: `/${scope.pids.map((pid) => `pid == ${pid}`).join(" || ")}/`, probes: "" };
    }
  }
}

/** The one process of a scope, which then needs no key; null where there are or may be several. */
export function onlyProcess(scope: Scope): number | null {
  return scope.kind === "pids" && !scope.follow && scope.pids.length === 1 ? (scope.pids[0] ?? null) : null;
}

/**
 * The maps of a script, kept by process, and by thread where threads are asked for. One process is no
 * key: a map without keys is an array, which costs 8 % of a fault less than a hash.
 */
function withKeys(text: string, scope: Scope, perThread: boolean): string {
  const keyed = perThread ? text.replace(/\[pid\b/g, "[pid, tid") : text;
  return onlyProcess(scope) === null ? keyed : keyed.replaceAll("[pid, ", "[").replaceAll("[pid]", "");
}

/**
 * One program out of several scripts: their filter replaced by the scope's, their keys by process and
 * thread where threads are asked for, their END blocks by one, and their interval blocks by one that
 * prints all maps, in order, and then the word that ends a tick.
 */
export function compose(
  names: readonly ScriptName[],
  scope: Scope,
  tickMs: number,
  perThread: boolean,
): string {
  const { predicate, probes } = scopeFilter(scope);
  const prints: string[] = [];
  const ends: string[] = [];
  const withoutEnd = (text: string): string =>
    text.replace(END, (_, body: string) => {
      ends.push(body.trim());
      return "";
    });
  const parts = names.map((name) => {
    const text = readFileSync(`${ROOT}/bt/${name}.bt`, "utf8");
    const keyed = name === "exits" ? text : withKeys(text, scope, perThread);
    prints.push(INTERVAL.exec(keyed)?.[1]?.trim() ?? "");
    return withoutEnd(keyed.replaceAll(ONE_PROCESS, predicate).replace(INTERVAL, ""));
  });
  parts.push(withoutEnd(probes));
  if (ends.length > 0) parts.push(`END { ${ends.join(" ")} }`);
  return [...parts, `interval:ms:${tickMs} { ${prints.join(" ")} printf("tick"); }`].join("\n");
}

/** The tick of bt/pages.bt. */
const PAGES_TICK = /^interval:ms:(\d+) /m;
/** What it tells of processes, each probe on a line of its own: without tracefs it cannot. */
const PROCESS_PROBES = /^tracepoint:.*\n/gm;
const FORK_PROBE = /^tracepoint:task:task_newtask .*\n/m;

/** bt/pages.bt for a scope. */
export interface PagesProgram {
  program: string;
  /** Between two turns of its maps, where nothing delays them, ns. */
  stepNs: number;
}

/** @param processes whether it tells of forks, execs and exits */
export function composePages(scope: Scope, processes: boolean): PagesProgram {
  const text = readFileSync(`${ROOT}/bt/pages.bt`, "utf8");
  const { predicate, probes } = scopeFilter(scope);
  const alone = scope.kind === "pids" && !scope.follow;
  const script = text.replace(!processes ? PROCESS_PROBES : alone ? FORK_PROBE : "", "");
  const tickMs = Number(PAGES_TICK.exec(text)?.[1]);
  return { program: script.replaceAll(ONE_PROCESS, predicate) + probes, stepNs: 2 * tickMs * 1e6 };
}
