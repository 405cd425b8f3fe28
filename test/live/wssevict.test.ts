import assert from "node:assert/strict";
import { before, type TestContext, test } from "node:test";
import { execa } from "execa";
import { helperPath } from "../../lib/paths.ts";
import { make, type Program, start, writable } from "../helpers-c/programs.ts";
import { zramSwap } from "../helpers-c/zramswap.ts";
import { type Hot, hot, PAGES, READ, WRITTEN } from "./hot.ts";

const PAGE = 4096;
const HOT = WRITTEN + READ;

before(() => make());

interface Back {
  anon: number;
  file: number;
  low: number;
  kept: number;
}

/** wssevict at work on the known workload; what it tells of its arena, in pages. */
async function evictor(t: TestContext, target: Hot) {
  const program: Program = start(helperPath("wssevict"), [String(target.pid)]);
  t.after(() => program.process.kill("SIGKILL"));
  const until = async (type: string): Promise<Record<string, unknown>[]> => {
    for (const lines: Record<string, unknown>[] = []; ; ) {
      const line = await program.line();
      if (line === null) throw new Error((await program.end).stderr);
      lines.push(JSON.parse(line));
      if (lines.at(-1)?.type === type) return lines;
    }
  };
  return {
    evict: async (): Promise<Record<string, unknown>> => {
      writable(program, 0).write("e");
      return (await until("evicted")).at(-1) ?? {};
    },
    read: async (): Promise<Back> => {
      writable(program, 0).write("r\n");
      const told = (await until("read")).filter((line) => line.start === target.start);
      const sum = (field: keyof Back): number =>
        told.reduce((total, line) => total + Number(line[field]), 0) / PAGE;
      return { anon: sum("anon"), file: sum("file"), low: sum("low"), kept: sum("kept") };
    },
    end: async () => {
      writable(program, 0).write("q");
      const lines = await until("end");
      return [lines.at(-1)?.reason, await program.end];
    },
  };
}

const trial = async (): Promise<string | null> => {
  const { exitCode, stderr } = await execa(helperPath("wssevict"), ["-t"], { reject: false });
  return exitCode === 0 ? null : `kernel: ${stderr}`;
};

test("anonymous memory with swap: exactly the pages that were touched come back, nothing is lost", async (t) => {
  const reason = await trial();
  if (reason !== null) return t.skip(reason);
  const swap = await zramSwap(t, 256);
  if (typeof swap === "string") return t.skip(swap);
  const target = await hot(t, "anon");
  const eviction = await evictor(t, target);
  for (let i = 0; i < 3; i++) {
    await eviction.evict();
    const before = await eviction.read();
    assert.equal(before.anon, 0, "nothing has been touched yet");
    await target.tell("s");
    await target.tell("s");
    const { anon, low, file, kept } = await eviction.read();
    // a page that stayed may have been touched or not
    assert.ok(anon <= HOT && anon + kept >= HOT, `${anon} and ${kept} of ${HOT}`);
    assert.deepEqual([low, file], [anon, 0]);
    assert.ok(kept <= 0.02 * PAGES, `${kept} pages could not be paged out`);
    assert.deepEqual(await eviction.read(), { anon, low, file, kept }, "reading forgets nothing");
  }
  assert.deepEqual(await target.tell("v"), { type: "check", ok: true });
  assert.deepEqual(await eviction.end(), ["asked", { code: 0, signal: null, stderr: "" }]);
});

test("huge pages are split: what comes back is what was touched", async (t) => {
  const reason = await trial();
  if (reason !== null) return t.skip(reason);
  const swap = await zramSwap(t, 256);
  if (typeof swap === "string") return t.skip(swap);
  const target = await hot(t, "thp");
  const eviction = await evictor(t, target);
  await eviction.evict();
  await target.tell("s");
  const { anon, kept } = await eviction.read();
  assert.ok(anon <= HOT && anon + kept >= HOT, `${anon} and ${kept} of ${HOT}`);
  assert.deepEqual(await target.tell("v"), { type: "check", ok: true });
});

test("files come back with their neighbours: the truth lies between low and what is there", async (t) => {
  const reason = await trial();
  if (reason !== null) return t.skip(reason);
  for (const kind of ["file-shared", "file-private"]) {
    const target = await hot(t, kind);
    const eviction = await evictor(t, target);
    // what is dirty has to be written first, which it is told to be
    for (let i = 0; i < 50; i++) {
      await eviction.evict();
      if ((await eviction.read()).kept < PAGES / 2) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await target.tell("s");
    const { anon, file, low, kept } = await eviction.read();
    const said = JSON.stringify({ kind, anon, file, low, kept });
    assert.ok(low <= HOT && anon + file + kept >= HOT, said);
    // private copies stay without swap
    if (kind === "file-shared") assert.ok(low > 0, said);
    assert.deepEqual(await target.tell("v"), { type: "check", ok: true });
  }
});

test("without swap anonymous memory stays, and is told as kept", async (t) => {
  const reason = await trial();
  if (reason !== null) return t.skip(reason);
  const target = await hot(t, "anon");
  const eviction = await evictor(t, target);
  const { before, kept } = await eviction.evict();
  assert.ok(Number(kept) <= Number(before));
  await target.tell("s");
  const back = await eviction.read();
  // another test's swap may be there at this moment
  assert.ok(back.low <= HOT && back.anon + back.kept >= HOT, JSON.stringify(back));
});

test("a target that ends, a pid that is nobody's, usage", async (t) => {
  const reason = await trial();
  if (reason !== null) return t.skip(reason);
  const target = await hot(t, "anon");
  const eviction = await evictor(t, target);
  await eviction.evict();
  target.program.process.kill("SIGKILL");
  await target.program.end;
  const program = start(helperPath("wssevict"), [String(target.pid)]);
  assert.deepEqual(await program.end, {
    code: 1,
    signal: null,
    stderr: `wssevict: cannot open pid ${target.pid}: No such process\n`,
  });
  await assert.rejects(() => eviction.read());
  for (const args of [[], ["0"], ["1", "2"]]) {
    const { exitCode, stdout } = await execa(helperPath("wssevict"), args, { reject: false });
    assert.deepEqual([exitCode, stdout], [2, ""]);
  }
});
