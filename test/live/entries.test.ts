import assert from "node:assert/strict";
import { before, type TestContext, test } from "node:test";
import { hasTracepoint } from "../../lib/kernel/tracefs.ts";
import { make } from "../helpers-c/programs.ts";
import { field } from "../helpers-c/section.ts";
import { type Options, recordHeld, recordSection, type Seen, type Tale } from "./faultrec.ts";
import { missing } from "./held.ts";

const N = 1009;
const x86 = hasTracepoint("exceptions:page_fault_user");
const skip = x86 ? false : "kernel: no tracepoint exceptions:page_fault_user";

before(() => make());

/** Every entry found its completion, or failed; every fault has a latency where that was asked for. */
function assertPaired(tale: Tale, failed: number): void {
  const { minor, major, entries } = tale.end;
  assert.ok(entries);
  const completed = tale.minor + tale.major;
  assert.deepEqual([minor.lost, major.lost, entries.lost], [0, 0, 0]);
  assert.deepEqual([minor.told + major.told, entries.told], [completed, completed + failed]);
  assert.equal(entries.counted, entries.told + entries.foreign);
  assert.equal(entries.failed + entries.open, failed);
  assert.equal(tale.timed, tale.ready.latency ? completed : 0);
}

/** What perf stat counted of them, at the same time. */
const failedOf = ({ perf }: Seen): number => perf.entries - perf.minor - perf.major;

const KNOWN: Record<string, [args: string[], accesses: Record<string, number>]> = {
  touch: [["touch", String(N)], { write: N }],
  "read(2), in kernel mode": [["read", String(N)], { write: N }],
  "writes to pages that a child shares": [["cow", String(N)], { copyOnWrite: N }],
};

for (const [name, [args, accesses]] of Object.entries(KNOWN)) {
  test(`-l: ${name}: each fault has its latency`, async () => {
    const seen = await recordSection("known", args, { latency: true });
    assert.deepEqual([seen.minor, seen.major, seen.accesses], [N, 0, { unknown: N }]);
    assertPaired(seen, 0);
  });

  for (const options of [
    { types: true },
    { types: true, latency: true, stacks: true },
    { types: true, ip: false },
  ]) {
    test(`${Object.keys(options).join(", ")}: ${name}: ${JSON.stringify(accesses)}`, { skip }, async () => {
      const seen = await recordSection("known", args, options);
      assert.deepEqual([seen.minor, seen.major, seen.accesses], [N, 0, accesses]);
      assertPaired(seen, 0);
    });
  }
}

test("pages that are read, then written: reads, and copies of the zero page", { skip }, async () => {
  const seen = await recordSection("walks", ["zero", String(N)], { types: true, latency: true });
  const copies = seen.kernel.minor - N; // none where a read gets a page of its own
  assert.deepEqual(seen.accesses, { read: N, ...(copies > 0 ? { copyOnWrite: copies } : {}) });
  assertPaired(seen, 0);
});

for (const mode of ["segv", "sigbus"]) {
  test(`${mode}: faults that fail are entries without completion, as many as the program knows`, async () => {
    for (const options of [{ latency: true }, ...(x86 ? [{ types: true }] : [])]) {
      const seen = await recordSection("known", [mode, String(N)], options);
      assert.equal(field(seen.said, "failed"), N);
      assert.equal(failedOf(seen), N);
      assertPaired(seen, N);
    }
  });
}

test("a thread that ends while its fault is open: it failed", async () => {
  const seen = await recordHeld(["sh", "-c", "kill -SEGV $$"], { latency: true });
  assertPaired(seen, failedOf(seen));
  const killed = await recordHeld(["/usr/bin/python3", "-c", "import ctypes; ctypes.string_at(16)"], {
    latency: true,
  });
  assertPaired(killed, failedOf(killed));
  assert.ok(failedOf(killed) >= 1);
  assert.equal(killed.end.entries?.open, 0);
});

async function assertHeld(t: TestContext, command: string[], options: Options) {
  const reason = await missing(command[0] ?? "");
  if (reason) return t.skip(reason);
  const seen = await recordHeld(command, options);
  assertPaired(seen, failedOf(seen));
  if (options.types) {
    assert.ok(
      Number(seen.accesses.read) > 0 && Number(seen.accesses.execute) > 0,
      JSON.stringify(seen.accesses),
    );
    assert.equal(seen.accesses.unknown, undefined);
  }
}

test("-l: python3 from its first instruction: every fault has its latency", (t) =>
  assertHeld(t, ["/usr/bin/python3", "-c", "x = bytearray(40_000_000)"], { latency: true }));

test("-t: python3 from its first instruction reads, writes and executes", { skip }, (t) =>
  assertHeld(t, ["/usr/bin/python3", "-c", "x = bytearray(40_000_000)"], { types: true, latency: true }),
);

test("threads that fault side by side: each fault is paired with its own thread's entry", async () => {
  const seen = await recordSection("threads", ["7", "101"], { latency: true });
  assertPaired(seen, 0);
  assert.equal(seen.minor, 707);
});

test("one event a CPU: neighbours' entries are left out", async () => {
  const seen = await recordSection("threads", ["300", "7"], { latency: true, types: x86 });
  assertPaired(seen, 0);
  assert.equal(seen.minor, 2100);
});

test("200,000 faults as fast as a program can: none lost, each with its latency", async () => {
  const seen = await recordSection("walk", ["50000", "4"], { latency: true, types: x86 });
  assert.equal(seen.minor, 200_000);
  assertPaired(seen, 0);
});
