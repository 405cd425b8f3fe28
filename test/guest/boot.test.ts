/** What a guest promises, tried on real ones: npm test -- test/guest/boot.test.ts, about a minute. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { execa } from "execa";
import { ROOT } from "../../lib/paths.ts";
import { until } from "../helpers-c/programs.ts";

const guest = (...args: string[]) =>
  execa("node", ["--import", "tsx", `${ROOT}/scripts/guest.ts`, "--kernel", "debian", ...args], {
    reject: false,
    stdin: "ignore",
  });

test("the command's status is the guest's, its output comes through unchanged, here is its directory", async () => {
  const words = ["a b", "it's", "tab\there"];
  const script = 'pwd; printf "<%s>\\n" "$@"; numactl -H | head -1; wc -l </proc/swaps; exit 42';
  const { exitCode, stdout, stderr } = await guest("sh", "-c", script, "sh", ...words);
  assert.equal(exitCode, 42, stderr);
  const lines = [process.cwd(), ...words.map((word) => `<${word}>`), "available: 2 nodes (0-1)", "2"];
  assert.equal(stdout, lines.join("\n"));
});

test("a guest that panics is a failure, with the last lines of its console", async () => {
  const { exitCode, stderr } = await guest("sh", "-c", "echo c >/proc/sysrq-trigger");
  assert.equal(exitCode, 1);
  assert.match(stderr, /^guest: the guest failed: its kernel panicked: sysrq triggered crash$/m);
  assert.match(stderr, /write_sysrq_trigger/);
});

test("a guest that ends without a word is a failure, though QEMU ends with 0", async () => {
  const { exitCode, stderr } = await guest("sh", "-c", "echo o >/proc/sysrq-trigger; sleep 60");
  assert.equal(exitCode, 1);
  assert.match(stderr, /never reported/);
});

test("a guest that hangs ends at its time limit, as a failure", async () => {
  const { exitCode, stderr } = await guest("--limit", "15", "sleep", "1000");
  assert.equal(exitCode, 1);
  assert.match(stderr, /still running after 15 s/);
});

test("QEMU dies with who started it, even by SIGKILL", async () => {
  const run = guest("sh", "-c", "echo up; sleep 1000");
  await new Promise((resolve) => run.stdout.once("data", resolve));
  const { stdout } = await execa("pgrep", ["-f", "-P", String(run.pid), "qemu-system"]);
  const qemu = Number(stdout);
  assert.ok(qemu > 0);
  run.kill("SIGKILL");
  await until("QEMU is gone", () => {
    try {
      process.kill(qemu, 0);
      return false;
    } catch {
      return true;
    }
  });
});
