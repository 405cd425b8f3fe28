import assert from "node:assert/strict";
import { before, test } from "node:test";
import { execa } from "execa";
import { refusalOf } from "../../lib/kernel/trial.ts";
import { helperPath, ROOT } from "../../lib/paths.ts";
import { make, start } from "../helpers-c/programs.ts";

/** The methods that many kernels lack, their helper, and how each says what is missing. */
const METHODS = [
  ["idle", "wssidle", /\(CONFIG_IDLE_PAGE_TRACKING\)$|^cannot open '.*': /],
  ["softdirty", "wssdirty", /\(CONFIG_(MEM_SOFT_DIRTY|PROC_PAGE_MONITOR)\)$/],
  ["damon", "wssdamon", /\(CONFIG_DAMON_(VADDR|SYSFS)\)$|^DAMON is in use by |^cannot /],
] as const;

before(() => make());

const wss = (...args: string[]) =>
  execa("node", ["--import", "tsx", `${ROOT}/scripts/wss.ts`, ...args], { reject: false, stdin: "ignore" });

for (const [method, helper, lacking] of METHODS) {
  test(`--method ${method} measures, or is refused with 3 and what the kernel lacks, in one line`, async () => {
    const refusal = await refusalOf(helper);
    const run = await wss("--method", method, "--force", "-j", "-p", String(process.pid), "0.05", "1");
    if (refusal === null) {
      assert.equal(run.exitCode, 0, run.stderr);
      assert.match(run.stdout, new RegExp(`"type":"sample".*"method":"${method}"`));
      return;
    }
    assert.match(refusal, lacking);
    assert.deepEqual([run.exitCode, run.stdout, run.stderr], [3, "", `wss: method ${method}: ${refusal}`]);
  });

  test(`${helper}: wrong usage is 2`, async () => {
    const { code, stderr } = await start(helperPath(helper), ["-t", "x"]).end;
    assert.equal(code, 2, stderr);
    assert.match(stderr, new RegExp(`^${helper}: usage: `));
  });
}

test("-v says of all which methods were passed over, and why; auto takes idle, else referenced", async () => {
  const refusal = await refusalOf("wssidle");
  const all = await wss("-v", "--method", "all", "-p", String(process.pid), "0.05", "1");
  if (refusal === null) assert.match(all.stderr, /methods: idle, /);
  else assert.ok(all.stderr.includes(`not idle: ${refusal}`), all.stderr);
  const auto = await wss("-v", "-p", String(process.pid), "0.05", "1");
  if (refusal === null) assert.match(auto.stderr, /methods: idle: /);
  else
    assert.ok(auto.stderr.includes(`methods: referenced: `) && auto.stderr.includes(`not idle: ${refusal}`));
});
