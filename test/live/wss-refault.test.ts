import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { execa } from "execa";
import type { WssRecord, WssRegionRecord, WssSampleRecord } from "../../lib/metric/wss-record.ts";
import { ROOT } from "../../lib/paths.ts";
import { make, until } from "../helpers-c/programs.ts";
import { refusalOfRefault, zramSwap } from "../helpers-c/zramswap.ts";
import { type Hot, hot, PAGES, READ, WRITTEN } from "./hot.ts";
import { wait } from "./tool.ts";

const PAGE = 4096;
const HOT = (WRITTEN + READ) * PAGE;
const TOOL = ["--import", "tsx", `${ROOT}/scripts/wss.ts`];
/** A size that no other swap here has: 123 MiB less the header's page. */
const ZRAM = ["--zram", "123M"];
const OURS = /partition\s+125948\s/;

before(() => make());

const swaps = (): string => readFileSync("/proc/swaps", "utf8");

/** The arena of the known workload in each window. */
function arenas(stdout: string, { start }: Hot): WssRegionRecord[] {
  const records = stdout.split("\n").map((line): WssRecord => JSON.parse(line));
  return records.filter((r): r is WssRegionRecord => r.type === "region" && r.start === start);
}

test("the pages that the program touches within a window, and no swap afterwards", async (t) => {
  const reason = await refusalOfRefault();
  if (reason !== null) return t.skip(reason);
  const target = await hot(t, "anon", "-p", "20", "-c", "0");
  const args = ["--method", "refault", ...ZRAM, "--regions", "-j", "-p", String(target.pid), "1", "3"];
  const { stdout, stderr } = await execa("node", [...TOOL, ...args]);
  assert.equal(stderr, "");
  const found = arenas(stdout, target);
  assert.equal(found.length, 3);
  for (const { wss, wssLow, wssHigh } of found) {
    // what was touched in the moment of its eviction is in high alone: on a busy machine that can be much
    assert.ok(wssLow <= HOT && wssHigh >= HOT, `${HOT} is not in [${wssLow}, ${wssHigh}]`);
    assert.ok(wss <= HOT, `${wss} of ${HOT} that were touched`);
  }
  assert.doesNotMatch(swaps(), OURS);
});

test("without swap it says so, and HIGH has the memory that stayed", async (t) => {
  const reason = await refusalOfRefault();
  if (reason !== null) return t.skip(reason);
  const target = await hot(t, "anon", "-p", "20", "-c", "0");
  const args = ["--method", "refault", "--regions", "-j", "-p", String(target.pid), "0.3", "1"];
  const { stdout, stderr } = await execa("node", [...TOOL, ...args]);
  // another test may have swap at this moment
  if (swaps().trim().split("\n").length === 1)
    assert.match(stderr, /^wss: refault: there is no swap, [^\n]*--zram SIZE makes some$/);
  for (const { wssLow, wssHigh } of arenas(stdout, target)) assert.ok(wssLow <= HOT && wssHigh >= HOT);
});

test("killed with SIGKILL at any moment: the swap is taken down, the target goes on unharmed", async (t) => {
  const reason = await refusalOfRefault();
  if (reason !== null) return t.skip(reason);
  const target = await hot(t, "anon", "-p", "20", "-c", "0");
  for (let i = 0; i < 5; i++) {
    const args = ["--method", "refault", ...ZRAM, "-p", String(target.pid), "0.05"];
    const tool = execa("node", [...TOOL, ...args], { reject: false });
    await until("it has swap", () => OURS.test(swaps()));
    await new Promise((resolve) => setTimeout(resolve, 83 * i));
    tool.kill("SIGKILL");
    await tool;
    await until("the swap is gone", () => !OURS.test(swaps()));
  }
  // each pass checks the words that it touches
  target.program.process.kill("SIGTERM");
  const { stderr } = await target.program.end;
  assert.equal(stderr, "");
});

/** At least 1,000 KiB have been swapped to it. */
const isUsed = (device: string): boolean =>
  new RegExp(`^${device}\\s.*\\s\\d{4,}\\s+\\d+$`, "m").test(swaps());

test("a swap that somebody takes down within the window brings all of it back: LOW is 0", async (t) => {
  const reason = await refusalOfRefault();
  if (reason !== null) return t.skip(reason);
  const swap = await zramSwap(t, 64);
  if (typeof swap === "string") return t.skip(swap);
  const target = await hot(t, "anon", "-p", "20", "-c", "0");
  // long enough for the swap to be gone within it, on a busy machine too
  const args = ["--method", "refault", "--regions", "-j", "-p", String(target.pid), "12", "1"];
  const tool = execa("node", [...TOOL, ...args]);
  await until("it is swapped out", () => isUsed(swap.device));
  // what another swap of the machine took stays there
  const alone = swaps().trim().split("\n").length === 2;
  await wait(500);
  await swap.end();
  const { stdout } = await tool;
  const [found, ...others] = arenas(stdout, target);
  assert.deepEqual(others, []);
  assert.equal(found?.wssLow, 0);
  if (alone) assert.equal(found?.wss, PAGES * PAGE, "what nobody touched is there, too");
});

test("a swap that is taken down, and another of its name that comes within the window: LOW is 0", async (t) => {
  const reason = await refusalOfRefault();
  if (reason !== null) return t.skip(reason);
  const swap = await zramSwap(t, 64);
  if (typeof swap === "string") return t.skip(swap);
  const target = await hot(t, "anon", "-p", "20", "-c", "0");
  const args = ["--method", "refault", "--regions", "-j", "-p", String(target.pid), "12", "1"];
  const tool = execa("node", [...TOOL, ...args]);
  await until("it is swapped out", () => isUsed(swap.device));
  await swap.end();
  const next = await zramSwap(t, 64);
  if (typeof next === "string") return t.skip(next);
  const { stdout } = await tool;
  const [found] = arenas(stdout, target);
  assert.equal(found?.wssLow, 0, `${swap.device}, then ${next.device}`);
});

test("by name only: auto and all leave it out", async () => {
  const { stderr } = await execa(
    "node",
    [...TOOL, "-v", "--method", "all", "-p", String(process.pid), "0.1", "1"],
    {
      reject: false,
    },
  );
  assert.match(stderr, /methods: referenced/);
  assert.doesNotMatch(stderr, /refault/);
});

test("an end sample has what came back in all", async (t) => {
  const reason = await refusalOfRefault();
  if (reason !== null) return t.skip(reason);
  const target = await hot(t, "anon", "-p", "20", "-c", "0");
  const args = ["--method", "refault", ...ZRAM, "-j", "-p", String(target.pid), "0.5", "1"];
  const { stdout } = await execa("node", [...TOOL, ...args]);
  const sample = stdout
    .split("\n")
    .map((line): WssRecord => JSON.parse(line))
    .find((record): record is WssSampleRecord => record.type === "sample");
  assert.ok(sample);
  assert.equal(sample.anon + sample.file, sample.wss);
  assert.ok(sample.wssLow <= sample.wss && sample.wss <= sample.wssHigh);
  assert.ok(sample.wssHigh >= HOT);
});

test("swap that no method asked for would use is refused", async () => {
  for (const method of [[], ["--method", "all"], ["--method", "written"]]) {
    const args = [...TOOL, ...ZRAM, ...method, "-p", String(process.pid), "0.1", "1"];
    const { exitCode, stderr } = await execa("node", args, { reject: false });
    assert.equal(exitCode, 2, stderr);
    assert.equal(stderr, "wss: --zram is swap for --method refault, which is not asked for");
  }
});
