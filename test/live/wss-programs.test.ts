import assert from "node:assert/strict";
import { before, type TestContext, test } from "node:test";
import { refusalOf } from "../../lib/kernel/trial.ts";
import { make, until } from "../helpers-c/programs.ts";
import { missing } from "./held.ts";
import { type KnownProgram, knownPython, knownRedis, READ, WRITTEN } from "./known-programs.ts";
import { hasWholePass, runWss } from "./known-run.ts";
import { PAGE } from "./known-set.ts";

before(() => make());

const PROGRAMS: [name: string, program: string, begin: (t: TestContext) => Promise<KnownProgram>][] = [
  ["redis-server, a range of a string", "redis-server", knownRedis],
  ["python3, a slice of a bytearray", "/usr/bin/python3", knownPython],
];

/** The methods of common kernels: what each finds of the part, in pages, its helper, and what it needs. */
const METHODS = [
  { method: "referenced", pages: READ, helper: null, seconds: 1, options: [] },
  { method: "written", pages: WRITTEN, helper: "wsscan", seconds: 1, options: [] },
  { method: "refault", pages: READ, helper: "wssevict", seconds: 3, options: ["--zram", "200M"] },
] as const;

/** What the program touches beside the part, at most: its HIGH while it touches one page of that. */
async function besides({ pid }: KnownProgram): Promise<number> {
  const { samples, stderr } = await runWss([
    "--force",
    "--method",
    "referenced",
    "-p",
    String(pid),
    "1",
    "3",
  ]);
  assert.equal(samples.length, 3, stderr);
  return Math.max(...samples.map(({ wssHigh }) => wssHigh));
}

for (const [name, program, begin] of PROGRAMS)
  for (const { method, pages, helper, seconds, options } of METHODS)
    test(`${name}: what it touches lies within the bounds of ${method}`, async (t) => {
      const refusal = helper && (await refusalOf(helper));
      if (refusal) return t.skip(`kernel: ${refusal}`);
      const reason = await missing(program);
      if (reason) return t.skip(reason);
      const known = await begin(t);
      const beside = await besides(known);
      const least = pages * PAGE;
      const most = least + 1.5 * beside;
      assert.ok(beside < least / 2, `${beside} bytes beside ${least}: this shows nothing`);
      known.touch();
      await until("three passes", () => known.passes.length >= 3);
      // a window holds a whole pass wherever it begins, on a slow machine too
      const longest = Math.max(...known.passes.map(({ beginNs, endNs }) => (endNs - beginNs) / 1e9));
      const window = Math.max(seconds, Math.ceil(4 * longest));
      const what = ["--method", method, ...options, "-p", String(known.pid)];
      const run = await runWss(["--force", ...what, String(window), "4"]);
      if (method === "refault" && run.status === 3) return t.skip(`kernel: ${run.stderr}`);
      assert.equal(run.status, 0, run.stderr);
      const whole = run.samples.filter((sample) => hasWholePass(known, sample));
      assert.ok(whole.length > 0, "no window held a whole pass");
      for (const { wssLow, anon, wssHigh } of whole) {
        const found = `${wssLow} ${anon} ${wssHigh} for ${least} to ${most}`;
        assert.ok(wssLow <= most && wssHigh >= least, found);
        // its own pages, all of which were there before, are found whole; others may read its files meanwhile
        if (method !== "refault") assert.ok(wssLow >= 0.98 * least && anon <= most, found);
      }
      t.diagnostic(
        JSON.stringify({ least, beside, found: whole.map(({ wssLow, wssHigh }) => [wssLow, wssHigh]) }),
      );
    });
