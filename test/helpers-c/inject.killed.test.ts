import { spawn } from "node:child_process";
import { before, test } from "node:test";
import { helperPath } from "../../lib/paths.ts";
import { make } from "./programs.ts";
import { tracerOf, victim } from "./victim.ts";

const KILLS = 100;

before(() => make());

/** The whole of what a tool starts: a parent with a process group of its own, and the scanner on its pipe. */
function tool(pid: number) {
  const script = '"$1" "$2" "$3" -i 5 "$2" | while read -r line; do :; done';
  const shell = spawn("sh", ["-c", script, "sh", helperPath("inject"), String(pid), helperPath("wsscan")], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.stdin.on("error", () => undefined);
  const closed = new Promise((resolve) => shell.once("exit", resolve));
  return {
    /** SIGKILL to the parent and its whole group, whose pipes end with it; false where it had ended by itself. */
    kill: async (): Promise<boolean> => {
      const there = shell.pid !== undefined && shell.exitCode === null && killGroup(shell.pid);
      shell.stdin.destroy();
      await closed;
      return there;
    },
  };
}

function killGroup(leader: number): boolean {
  try {
    return process.kill(-leader, "SIGKILL");
  } catch {
    return false; // the one before was still at work on the target: it could not begin
  }
}

test(`the tool and its group killed at ${KILLS} random moments: the target never notices`, async () => {
  const target = await victim();
  try {
    for (let i = 0, kills = 0; kills < KILLS; i++) {
      const run = tool(target.pid);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
      if (await run.kill()) kills++;
      if (i % 10 === 9) await target.assertUnharmed();
    }
    await target.assertUnharmed();
  } finally {
    target.end();
  }
});

/** How long one waits to see the target traced, ms: how soon it would be is the machine's. */
const [PATIENCE, MOST_PATIENCE] = [60, 2000];

/** Kills the tool when it sees the target traced; whether the target was so still after that. */
async function killWhileTraced(pid: number, tracer: { now(): number }, patience: number): Promise<boolean> {
  const run = tool(pid);
  await new Promise((resolve) => setImmediate(resolve));
  const end = performance.now() + patience; // missed: the next one
  while (tracer.now() === 0 && performance.now() < end);
  const killed = run.kill();
  const hit = tracer.now() !== 0;
  await killed;
  return hit;
}

for (const [from, to] of [
  [1, 50],
  [51, 100],
]) {
  test(`the tool and its group killed while the target is traced: ${from} to ${to}`, async () => {
    const target = await victim();
    const tracer = tracerOf(target.pid);
    let patience = PATIENCE;
    try {
      for (let i = 0, hits = 0; hits < 50; i++) {
        const hit = await killWhileTraced(target.pid, tracer, patience);
        if (hit) hits++;
        patience = hit ? PATIENCE : Math.min(1.5 * patience, MOST_PATIENCE);
        if (i % 10 === 9) await target.assertUnharmed();
      }
      await target.assertUnharmed();
    } finally {
      tracer.close();
      target.end();
    }
  });
}
