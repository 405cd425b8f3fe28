import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { workloadPath } from "../../lib/paths.ts";
import { memoryCgroup } from "./cgroup.ts";
import { perfIsMissing } from "./perf.ts";
import { make, start, writable } from "./programs.ts";
import { measure } from "./section.ts";
import { swapDevices } from "./swap.ts";

const N = 211;

before(() => make("known"));

for (const [name, setUp] of Object.entries(swapDevices)) {
  test(`known swap: every page that was paged out to a ${name} comes back by one major fault`, async (t) => {
    const noPerf = await perfIsMissing();
    if (noPerf) return t.skip(noPerf);
    try {
      await setUp(t);
    } catch (error) {
      return t.skip(
        `kernel: cannot set up a ${name}: ${error instanceof Error ? error.message.split("\n")[0] : error}`,
      );
    }
    const { traced, kernel, said } = await measure("known", ["swap", String(N)]);
    assert.deepEqual(traced, { minor: 0, major: N, entries: N });
    assert.deepEqual(kernel, { minor: 0, major: N });
    assert.equal(said.major, N);
  });
}

test("known -g moves itself into a memory cgroup", async (t) => {
  const directory = memoryCgroup(t);
  if (directory === null) return t.skip("kernel: no memory cgroup can be made here");
  const program = start(workloadPath("known"), ["-w", "-g", directory, "touch", "11"]);
  const ready: { pid: number } = JSON.parse((await program.line()) ?? "null");
  assert.match(readFileSync(`${directory}/cgroup.procs`, "utf8"), new RegExp(`^${ready.pid}$`, "m"));
  writable(program, 0).write("xx");
  assert.equal((await program.end).code, 0);
});
