import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { before, test } from "node:test";
import { execa } from "execa";
import { helperPath } from "../../lib/paths.ts";
import { make, start, until } from "./programs.ts";
import { isSwapDevice, zramSwap } from "./zramswap.ts";

before(() => make("zramswap"));

test("there is swap while its standard input is open, and nothing of it afterwards", async (t) => {
  const swap = await zramSwap(t, 16);
  if (typeof swap === "string") return t.skip(swap);
  assert.ok(isSwapDevice(swap.device));
  assert.equal(await swap.end(), '{"type":"gone"}');
  assert.ok(!isSwapDevice(swap.device));
  await until("its device is gone", () => !existsSync(swap.device));
});

test("it takes everything down when whoever started it is killed, and by a signal", async (t) => {
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    const swap = await zramSwap(t, 16);
    if (typeof swap === "string") return t.skip(swap);
    swap.program.process.kill(signal);
    assert.deepEqual(await swap.program.end, { code: 0, signal: null, stderr: "" });
    assert.ok(!isSwapDevice(swap.device));
  }
  // a shell that is killed with SIGKILL: the pipe that it held ends
  const script = 'exec 3> >(exec "$0" 16 3>&-); read -r _';
  const shell = start("bash", ["-c", script, helperPath("zramswap")]);
  const { device }: { device: string } = JSON.parse((await shell.line()) ?? "null");
  assert.ok(isSwapDevice(device));
  shell.process.kill("SIGKILL");
  await until("it is swapped off", () => !isSwapDevice(device));
});

for (const whom of ["it", "its process group"]) {
  test(`when ${whom} is killed with SIGKILL, its guard takes everything down`, async (t) => {
    for (let i = 0; i < 10; i++) {
      const swap = await zramSwap(t, 16);
      if (typeof swap === "string") return t.skip(swap);
      const { pid } = swap.program;
      process.kill(whom === "it" ? pid : -pid, "SIGKILL");
      await until("it is swapped off", () => !isSwapDevice(swap.device));
      await until("its device is gone", () => !existsSync(swap.device));
    }
  });
}

test("usage, and a user who may not", async () => {
  for (const [args, status, line] of [
    [[], 2, /^zramswap: usage: zramswap MIB$/],
    [["0"], 2, /^zramswap: MIB must be a whole number/],
    [["x"], 2, /^zramswap: MIB must be a whole number/],
  ] as const) {
    const { exitCode, stderr, stdout } = await execa(helperPath("zramswap"), args, { reject: false });
    assert.deepEqual([exitCode, stdout], [status, ""]);
    assert.match(stderr, line);
  }
});
