import assert from "node:assert/strict";
import { before, test } from "node:test";
import { startTracer } from "../../lib/subprocess/tracer.ts";
import { make } from "../helpers-c/programs.ts";

before(() => make());

/** Runs a shell that says it is up, then waits for its end; at SIGTERM it does what it is told. */
async function stopped(
  atTerm: string,
): Promise<{ lines: string[]; signal: string | null; exitCode: number | null; cause: string }> {
  const lines: string[] = [];
  let isUp = (): void => undefined;
  const up = new Promise<void>((resolve) => {
    isUp = resolve;
  });
  const tracer = await startTracer(
    "/bin/sh",
    ["-c", `trap "${atTerm}" TERM; echo up; while :; do sleep 0.1; done`],
    {
      graceMs: 3000,
      onLine: (line) => {
        lines.push(line);
        isUp();
      },
    },
  );
  await up;
  const { signal, exitCode, cause } = await tracer.stop();
  return { lines, signal, exitCode, cause };
}

test("a tracer that has much to say at its end is heard to the last word, however long", async () => {
  const { lines, exitCode } = await stopped(
    "trap '' TERM; for i in 1 2 3 4 5 6 7 8; do echo \\$i; sleep 1; done; exit 0",
  );
  assert.deepEqual(lines, ["up", "1", "2", "3", "4", "5", "6", "7", "8"]);
  assert.equal(exitCode, 0);
});

test("one that neither ends nor says anything is killed", async () => {
  const { lines, signal, exitCode, cause } = await stopped("true");
  assert.deepEqual(lines, ["up"]);
  assert.equal(cause, "it did not end when it was told to, and was killed");
  assert.deepEqual([signal, exitCode], ["SIGKILL", null]);
});

/** As perf record of 6.1 on another user's process: what is wrong, then a dozen lines of hints. */
const REFUSAL = ["Error:", "What is wrong.", ...Array.from({ length: 13 }, (_, i) => `hint ${i}:`)].join(
  "\n",
);

test("what a tool says first, of all the lines with which it refuses, is the cause", async () => {
  const tracer = await startTracer("/bin/sh", ["-c", 'echo "$1" >&2; exit 255', "sh", REFUSAL], {
    graceMs: 2000,
    onLine: () => undefined,
  });
  const { cause } = await tracer.ended;
  assert.equal(cause, "What is wrong.");
});

test("one whose output another reads is heard by what that one tells", async () => {
  const script = `trap "trap '' TERM; for i in 1 2 3 4 5 6; do echo \\$i; sleep 1; done; exit 0" TERM; echo up; while :; do sleep 0.1; done`;
  const writer = await startTracer("/bin/sh", ["-c", script], { graceMs: 3000, linesFrom: "nowhere" });
  assert.ok(writer.output);
  const lines: string[] = [];
  let isUp = (): void => undefined;
  const up = new Promise<void>((resolve) => {
    isUp = resolve;
  });
  const reader = await startTracer("cat", [], {
    input: writer.output,
    onLine: (line) => {
      writer.heard();
      lines.push(line);
      isUp();
    },
  });
  await up;
  const { exitCode } = await writer.stop();
  await reader.ended;
  assert.deepEqual(lines, ["up", "1", "2", "3", "4", "5", "6"]);
  assert.equal(exitCode, 0);
});
