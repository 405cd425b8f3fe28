import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { listPids, listThreads, readCommandLine, withDescendants } from "../../lib/procfs/processes.ts";
import { parseStatus, readThreadGroup } from "../../lib/procfs/status.ts";

interface Made {
  ppid: number;
  threads: number[];
  cmdline?: string;
}

/** A /proc with these processes, and what else stands in one. */
function withRoot(processes: Record<number, Made>, use: (root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), "proc-"));
  try {
    for (const other of ["sys", "self", "1x", ".7", "bus"]) mkdirSync(join(root, other));
    for (const [pid, { ppid, threads, cmdline = "" }] of Object.entries(processes)) {
      const directory = join(root, pid);
      for (const tid of threads) mkdirSync(join(directory, "task", String(tid)), { recursive: true });
      mkdirSync(directory, { recursive: true });
      writeFileSync(
        join(directory, "stat"),
        `${pid} (x) S ${ppid} 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 1 0 9 0 5\n`,
      );
      writeFileSync(join(directory, "cmdline"), cmdline);
    }
    use(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

const ascending = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

test("the pids of a /proc are its numbers and nothing else", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 4_194_304 }), { maxLength: 6 }), (pids) => {
      const made = Object.fromEntries(pids.map((pid) => [pid, { ppid: 1, threads: [pid, pid + 1] }]));
      withRoot(made, (root) => {
        assert.deepEqual(ascending(listPids(root)), ascending(pids));
        for (const pid of pids) assert.deepEqual(ascending(listThreads(pid, root)), [pid, pid + 1]);
      });
    }),
    { numRuns: 20 },
  );
});

test("a process that is gone has no threads, no command line and no group", () => {
  withRoot({}, (root) => {
    assert.deepEqual(listThreads(42, root), []);
    assert.equal(readCommandLine(42, root), null);
    assert.equal(readThreadGroup(42, root), null);
  });
});

test("descendants are found down to the last, siblings are not", () => {
  const threads: number[] = [];
  const tree = { 10: 1, 20: 10, 30: 20, 40: 30, 21: 10, 50: 1, 60: 50 };
  const made = Object.fromEntries(Object.entries(tree).map(([pid, ppid]) => [pid, { ppid, threads }]));
  withRoot(made, (root) => {
    assert.deepEqual(ascending(withDescendants([20], root)), [20, 30, 40]);
    assert.deepEqual(ascending(withDescendants([10, 50], root)), [10, 20, 21, 30, 40, 50, 60]);
    assert.deepEqual(withDescendants([999], root), [999], "one that is gone stays in the list");
  });
});

test("a command line has spaces for zero bytes; a kernel thread has none", () => {
  const threads: number[] = [];
  withRoot(
    { 7: { ppid: 1, threads, cmdline: "ls\0-l\0a b\0" }, 8: { ppid: 2, threads, cmdline: "" } },
    (root) => {
      assert.equal(readCommandLine(7, root), "ls -l a b");
      assert.equal(readCommandLine(8, root), null);
    },
  );
});

test("status is read by name, whatever the values hold", () => {
  const name = fc.stringMatching(/^[A-Za-z_]{1,12}$/);
  const value = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", "").trim());
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key }), (fields) => {
      const text = fields.map(([key, each]) => `${key}:\t${each}\n`).join("");
      assert.deepEqual(parseStatus(text), new Map(fields));
    }),
  );
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseStatus(text)));
});

test("this process is its own thread group", () => {
  assert.equal(readThreadGroup(process.pid), process.pid);
});
