import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { attachProc } from "../../lib/source/proc.ts";
import { pidsOf } from "../../lib/source/scope.ts";
import type { Scope, SourceOptions, Tick } from "../../lib/source/source.ts";

interface Counted {
  minor: number;
  major?: number;
  birth?: number;
  ppid?: number;
}

/** A /proc of our own whose counters we write. */
function madeUpProc(t: TestContext): { root: string; set: (pid: number, counted: Counted) => void } {
  const root = mkdtempSync(join(tmpdir(), "proc-"));
  t.after(() => rmSync(root, { recursive: true }));
  return {
    root,
    set: (pid, { minor, major = 0, birth = 9, ppid = 1 }) => {
      mkdirSync(join(root, String(pid), "task", String(pid)), { recursive: true });
      const line = `${pid} (x) S ${ppid} 0 0 0 0 0 ${minor} 0 ${major} 0 0 0 0 0 0 0 1 0 ${birth} 0 5\n`;
      writeFileSync(join(root, String(pid), "stat"), line);
      writeFileSync(join(root, String(pid), "task", String(pid), "stat"), line);
    },
  };
}

const optionsFor = (scope: Scope, changes: Partial<SourceOptions> = {}): SourceOptions => ({
  scope,
  tick: 3600,
  perThread: false,
  latency: false,
  types: false,
  ...changes,
});

/** The only tick of a source that is stopped before its first: pid, minor, major. */
async function lastCounts(source: Awaited<ReturnType<typeof attachProc>>): Promise<(number | null)[][]> {
  await source.stop();
  const ticks: Tick[] = [];
  for await (const tick of source.ticks) ticks.push(tick);
  assert.deepEqual(
    ticks.map((tick) => tick.final),
    [true],
  );
  return (ticks[0]?.tasks ?? []).map(({ pid, minor, major }) => [pid, minor, major]).sort();
}

test("what a process did before is not counted, what a new one did since its birth is", async (t) => {
  const { root, set } = madeUpProc(t);
  set(7, { minor: 1000, major: 50 });
  const source = await attachProc(optionsFor({ kind: "all" }), root);
  set(7, { minor: 1017, major: 51 });
  set(8, { minor: 90, birth: 20 });
  assert.deepEqual(await lastCounts(source), [
    [7, 17, 1],
    [8, 90, 0],
  ]);
});

test("a process that is gone keeps what it was last seen with", async (t) => {
  const { root, set } = madeUpProc(t);
  set(7, { minor: 1000 });
  const source = await attachProc(optionsFor({ kind: "all" }, { tick: 0.02 }), root);
  set(7, { minor: 1017 });
  const ticks = source.ticks[Symbol.asyncIterator]();
  await ticks.next();
  rmSync(join(root, "7"), { recursive: true });
  await source.stop();
  let last: Tick | undefined;
  for (let next = await ticks.next(); next.done !== true; next = await ticks.next()) last = next.value;
  assert.deepEqual(
    last?.tasks.map(({ pid, minor }) => [pid, minor]),
    [[7, 17]],
  );
});

/** What the last tick tells of pid 7, whose number another process got after a tick. */
async function afterReuse(t: TestContext, scope: Scope): Promise<number | undefined> {
  const { root, set } = madeUpProc(t);
  set(7, { minor: 1000 });
  const source = await attachProc(optionsFor(scope, { tick: 0.02 }), root);
  set(7, { minor: 1017 });
  const ticks = source.ticks[Symbol.asyncIterator]();
  await ticks.next();
  set(7, { minor: 5, birth: 4711 });
  await source.stop();
  let last: Tick | undefined;
  for (let next = await ticks.next(); next.done !== true; next = await ticks.next()) last = next.value;
  return last?.tasks[0]?.minor;
}

test("of all processes, one that gets the pid of another is counted on, and nothing runs backwards", async (t) => {
  assert.equal(await afterReuse(t, { kind: "all" }), 17 + 5);
});

test("of a process that was asked for, one that gets its pid is none", async (t) => {
  assert.equal(await afterReuse(t, { kind: "pids", pids: [7], follow: false }), 17);
});

test("per thread each thread is a task", async (t) => {
  const { root, set } = madeUpProc(t);
  set(7, { minor: 10 });
  const source = await attachProc(
    optionsFor({ kind: "pids", pids: [7], follow: false }, { perThread: true }),
    root,
  );
  await source.stop();
  for await (const tick of source.ticks) {
    assert.deepEqual(
      tick.tasks.map(({ pid, tid }) => [pid, tid]),
      [[7, 7]],
    );
  }
});

test("what /proc does not tell is null and said, what it tells is never lost", async (t) => {
  const { root, set } = madeUpProc(t);
  set(7, { minor: 10 });
  const source = await attachProc(optionsFor({ kind: "all" }, { latency: true, types: true }), root);
  await source.stop();
  await source.stop();
  for await (const tick of source.ticks) {
    const [task] = tick.tasks;
    assert.deepEqual([task?.entries, task?.latency, task?.types], [null, null, null]);
  }
  assert.equal(source.degraded.length, 2);
  assert.equal(source.lost(), 0);
});

test("a scope is the processes it names, their descendants, or all", (t) => {
  const { root, set } = madeUpProc(t);
  set(7, { minor: 0 });
  set(8, { minor: 0, ppid: 7 });
  set(9, { minor: 0 });
  const of = (scope: Scope): number[] => pidsOf(scope, root).sort();
  assert.deepEqual(of({ kind: "pids", pids: [7], follow: false }), [7]);
  assert.deepEqual(of({ kind: "pids", pids: [7], follow: true }), [7, 8]);
  assert.deepEqual(of({ kind: "all" }), [7, 8, 9]);
});
