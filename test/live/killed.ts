import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { after, before } from "node:test";
import { ROOT } from "../../lib/paths.ts";
import { bundle } from "../guest/bundle.ts";
import { make } from "../helpers-c/programs.ts";
import { tracerOf, untilReleased, type Victim, victim } from "../helpers-c/victim.ts";
import { wait } from "./tool.ts";

/** Processes that one run of the tool measures. */
const TARGETS = 4;
/** wss in one file: a hundred starts take a fifth of the time. */
const bundled = mkdtempSync(`${ROOT}/build/bundled-`);

before(async () => {
  await make();
  await bundle(["scripts/wss.ts"], bundled);
});
after(() => rmSync(bundled, { recursive: true }));

/** A run of wss, in a process group of its own. */
interface Run {
  /** It is about to inject, or has ended. */
  injects(): Promise<void>;
  /** SIGKILL to it, or to its whole group, now; its end. */
  kill(whom: "tool" | "group"): Promise<unknown>;
}

export function runWss(
  targets: readonly Victim[],
  options: readonly string[] = ["--method", "written"],
): Run {
  const pids = targets.map(({ pid }) => pid).join();
  const argv = [`${bundled}/wss.mjs`, ...options, "-j", "-p", pids, "0.01"];
  const child = spawn(process.execPath, argv, { stdio: "ignore", detached: true });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const pid = child.pid ?? 0;
  return {
    injects: async () => {
      // one child alone is the trial of the kernel
      while (childrenOf(pid) < 2) await wait(1);
    },
    kill: (whom) => {
      process.kill(whom === "tool" ? pid : -pid, "SIGKILL");
      return ended;
    },
  };
}

function childrenOf(pid: number): number {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").length - 1;
  } catch {
    return Number.POSITIVE_INFINITY; // it has ended
  }
}

/** After so many the targets are looked at and replaced. */
const BATCH = 5;

/** Does it so many times, to targets that must then be unharmed. */
export async function again(
  times: number,
  act: (targets: Victim[], i: number) => Promise<void>,
): Promise<void> {
  for (let first = 0; first < times; first += BATCH) {
    const targets = await Promise.all(Array.from({ length: TARGETS }, () => victim(3)));
    try {
      for (let i = first; i < Math.min(times, first + BATCH); i++) {
        await act(targets, i);
        for (const { pid } of targets) await untilReleased(pid);
      }
      await Promise.all(targets.map((each) => each.assertUnharmed()));
    } finally {
      for (const target of targets) target.end();
    }
  }
}

/** How long one waits to see a target traced, ms: how soon it would be is the machine's. */
const [PATIENCE, MOST_PATIENCE] = [100, 2000];

/** Kills a run when it sees one of its targets traced; whether one still was so after that. */
async function killWhileTraced(
  targets: Victim[],
  isTraced: () => boolean,
  i: number,
  patience: number,
): Promise<boolean> {
  const run = runWss(targets);
  await run.injects();
  const end = performance.now() + patience; // missed: the next one
  while (!isTraced() && performance.now() < end);
  const killed = run.kill(i % 2 === 0 ? "tool" : "group");
  const hit = isTraced();
  await killed;
  for (const { pid } of targets) await untilReleased(pid);
  return hit;
}

/** So many kills while a target was traced; how many runs it took. */
export async function killTraced(kills: number): Promise<number> {
  let [tries, patience] = [0, PATIENCE];
  await again(kills, async (targets, i) => {
    const tracers = targets.map(({ pid }) => tracerOf(pid));
    const isTraced = (): boolean => tracers.some(({ now }) => now() !== 0);
    for (let hit = false; !hit; tries++) {
      hit = await killWhileTraced(targets, isTraced, i, patience);
      patience = hit ? PATIENCE : Math.min(1.5 * patience, MOST_PATIENCE);
    }
    for (const { close } of tracers) close();
  });
  return tries;
}
