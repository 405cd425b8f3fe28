import assert from "node:assert/strict";
import { test } from "node:test";
import { endOf } from "../guest/machine/console.ts";

test("the status is what the guest says last of it, whatever the kernel adds", () => {
  assert.deepEqual(endOf("boot\r\nguest: ended with status 3\r\n[   9.1] sysrq: Power Off\r\n"), {
    status: 3,
  });
});

test("a guest that panics has no status, and its console is shown", () => {
  const end = endOf("[ 1.0] Kernel panic - not syncing: Attempted to kill init!\r\n[ 1.1] Rebooting\r\n");
  assert.deepEqual(end, {
    problem: "its kernel panicked: Attempted to kill init!",
    lastLines: ["[ 1.0] Kernel panic - not syncing: Attempted to kill init!", "[ 1.1] Rebooting"],
  });
});

test("a guest that says nothing, or half of it, never reported", () => {
  for (const text of ["", "boot\n", "guest: ended with status \n", "x guest: ended with status 0\n"]) {
    const end = endOf(text);
    assert.ok("problem" in end);
    assert.match(end.problem, /never reported/);
  }
});

test("of a long console only the last lines are shown", () => {
  const end = endOf(Array.from({ length: 500 }, (_, i) => `line ${i}`).join("\n"));
  assert.ok("problem" in end);
  assert.equal(end.lastLines.at(-1), "line 499");
  assert.ok(end.lastLines.length < 100);
});
