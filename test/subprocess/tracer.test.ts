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
      graceMs: 5000,
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
    "trap '' TERM; for i in 1 2 3 4 5 6 7 8; do echo \\$i; sleep 0.8; done; exit 0",
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

/** perf record of 6.1 on another user's process. */
const REFUSAL = `Error:
Access to performance monitoring and observability operations is limited.
Consider adjusting /proc/sys/kernel/perf_event_paranoid setting to open
access to performance monitoring and observability operations for processes
without CAP_PERFMON, CAP_SYS_PTRACE or CAP_SYS_ADMIN Linux capability.
More information can be found at 'Perf events and tool security' document:
https://www.kernel.org/doc/html/latest/admin-guide/perf-security.html
perf_event_paranoid setting is 2:
  -1: Allow use of (almost) all events by all users
      Ignore mlock limit after perf_event_mlock_kb without CAP_IPC_LOCK
>= 0: Disallow raw and ftrace function tracepoint access
>= 1: Disallow CPU event access
>= 2: Disallow kernel profiling
To make the adjusted perf_event_paranoid setting permanent preserve it
in /etc/sysctl.conf (e.g. kernel.perf_event_paranoid = <setting>)`;

test("what perf says first, of all the lines with which it refuses, is the cause", async () => {
  const tracer = await startTracer("/bin/sh", ["-c", 'echo "$1" >&2; exit 255', "sh", REFUSAL], {
    graceMs: 2000,
    onLine: () => undefined,
  });
  const { cause } = await tracer.ended;
  assert.equal(cause, "Access to performance monitoring and observability operations is limited.");
});
