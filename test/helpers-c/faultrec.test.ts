import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { execa } from "execa";
import { helperPath, workloadPath } from "../../lib/paths.ts";
import { FaultrecDecoder } from "../../lib/source/faultrec/decode.ts";
import { FAULT } from "../../lib/source/stream/batch.ts";
import type { FaultEvent } from "../../lib/source/stream/event.ts";
import { of, read } from "../source/faultrec/recording.ts";
import { make, type Program, start, writable } from "./programs.ts";

const faultrec = helperPath("faultrec");

before(() => make());

/** Runs a program until it is idle at the edge of its section. */
async function idle(file: string, ...args: string[]): Promise<Program> {
  const program = start(file, args);
  assert.match((await program.line()) ?? "", /"state":"ready"/);
  return program;
}

interface Counted {
  faults: number;
  events: FaultEvent[];
}

/** Starts it and reads its first record; the rest stays in the pipe until asked for. */
function record(...args: string[]): { kill(): void; ready: Promise<void>; rest(): Promise<Counted> } {
  const child = execa(faultrec, args, { stdio: ["ignore", "pipe", "inherit"], buffer: false, reject: false });
  const chunks: Uint8Array[] = [];
  const { stdout } = child;
  const ready = new Promise<void>((resolve) => {
    stdout.once("data", (chunk: Uint8Array) => {
      stdout.pause();
      chunks.push(chunk);
      resolve();
    });
  });
  return {
    kill: () => void child.kill("SIGTERM"),
    ready,
    rest: async () => {
      const counted: Counted = { faults: 0, events: [] };
      const decoder = new FaultrecDecoder({
        faults: (batch) => {
          counted.faults += batch.count;
        },
        event: (event) => void counted.events.push(event),
      });
      for (const chunk of chunks) decoder.push(chunk);
      for await (const chunk of stdout) decoder.push(chunk);
      decoder.end();
      return counted;
    },
  };
}

/** The number of a CPU that we may run on. */
const oneCpu = (): string =>
  /^Cpus_allowed_list:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";

for (const light of [false, true]) {
  test(`a reader that stops reading${light ? ", -L" : ""}: what is lost is counted to the last fault`, async () => {
    const walk = await idle("taskset", "-c", oneCpu(), workloadPath("walk"), "-w", "100000", "16");
    try {
      const recording = record(...(light ? ["-L"] : []), String(walk.pid));
      await recording.ready;
      writable(walk, 0).write("x");
      await walk.line();
      recording.kill();
      const { faults, events } = await recording.rest();
      const end = events.at(-1);
      assert.ok(end?.type === "end");
      assert.equal(end.minor.counted, 1_600_000);
      assert.equal(end.minor.told, faults);
      assert.ok(end.minor.lost > 0, "the rings are smaller than that");
      assert.equal(end.minor.told + end.minor.lost, 1_600_000);
      if (end.minor.refused !== null) assert.equal(end.minor.refused, end.minor.lost);
      const told = of(events, "lost").reduce((sum, { count }) => sum + count, 0);
      assert.ok(told <= end.minor.lost);
      const mappings = of(events, "mmap").length;
      if (light) assert.ok(mappings < 16 && mappings + end.lostOthers >= 16, "mappings are counted too");
      else assert.equal(mappings, 16, "mappings have a ring of their own");
    } finally {
      walk.process.kill("SIGKILL");
    }
  });
}

test("a user without privilege records his own process, in user mode, and is told so", async (t) => {
  const nobody = [
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--inh-caps=-all",
    "--bounding-set=-all",
  ];
  const { failed, stderr } = await execa("setpriv", [...nobody, "test", "-x", faultrec], { reject: false });
  if (failed) return t.skip(`needs: a build directory that nobody may enter ${stderr}`);
  const known = await idle("setpriv", ...nobody, workloadPath("known"), "-w", "touch", "1009");
  const child = execa("setpriv", [...nobody, faultrec, "-P", String(known.pid)], {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "buffer",
    reject: false,
  });
  try {
    await Promise.race([new Promise((resolve) => child.stdout.once("data", resolve)), child]);
    writable(known, 0).write("x");
    await known.line();
    child.kill("SIGTERM");
    const result = await child;
    const said = Buffer.from(result.stderr).toString();
    if (/Permission denied/.test(said)) return t.skip(`kernel: ${said.trim()}`);
    const { faults, events } = read(result.stdout);
    const [ready] = of(events, "ready");
    assert.deepEqual([ready?.userOnly, ready?.physical], [true, false], said);
    assert.equal(faults.length, 1009);
    assert.ok(faults.every(({ flags }) => (flags & FAULT.kernel) === 0));
  } finally {
    known.process.kill("SIGKILL");
  }
});

test("wrong usage is 2 and names the value, a process that is not there is 1", async () => {
  const usage = await start(faultrec, []).end;
  assert.deepEqual([usage.code, usage.stderr.startsWith("faultrec: usage: faultrec ")], [2, true]);
  const word = await start(faultrec, ["1", "x1"]).end;
  assert.equal(word.code, 2);
  assert.match(word.stderr, /^faultrec: PID .*'x1'\n$/);
  assert.equal((await start(faultrec, ["-i", "0", "1"]).end).code, 2);
  const light = await start(faultrec, ["-L", "-l", "1"]).end;
  assert.deepEqual(light, {
    code: 2,
    signal: null,
    stderr: "faultrec: -L leaves out what -l, -t, -P, -s and -m need\n",
  });
  const nobody = await start(faultrec, ["4000000"]).end;
  assert.deepEqual(nobody, { code: 1, signal: null, stderr: "faultrec: no such process: 4000000\n" });
});

test("it ends by itself when its output is closed", async () => {
  const walk = await idle(workloadPath("walk"), "-w", "100000", "8");
  try {
    const child = execa(faultrec, [String(walk.pid)], {
      stdio: ["ignore", "pipe", "pipe"],
      buffer: false,
      reject: false,
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.stdout.destroy();
    writable(walk, 0).write("x");
    const { exitCode, signal } = await child;
    assert.ok(exitCode === 1 || signal === "SIGPIPE", `${exitCode} ${signal}`);
  } finally {
    walk.process.kill("SIGKILL");
  }
});
