import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { holderOf, runningDamon } from "../../lib/wss/in-use.ts";

const BITMAP = "/sys/kernel/mm/page_idle/bitmap";

test("who has the idle marks open, and whether a DAMON runs, is read from /proc", (t) => {
  const root = mkdtempSync(join(tmpdir(), "proc-"));
  t.after(() => rmSync(root, { recursive: true }));
  const add = (pid: number, comm: string, ...open: string[]): void => {
    mkdirSync(`${root}/${pid}/fd`, { recursive: true });
    writeFileSync(`${root}/${pid}/comm`, `${comm}\n`);
    for (const [fd, path] of open.entries()) symlinkSync(path, `${root}/${pid}/fd/${fd}`);
  };
  add(10, "bash", "/dev/null");
  assert.deepEqual([holderOf(BITMAP, root), runningDamon(root)], [null, null]);
  add(11, "memtierd", "/dev/null", BITMAP);
  add(12, "kdamond.0");
  assert.equal(holderOf(BITMAP, root), "memtierd (pid 11)");
  assert.equal(runningDamon(root), "kdamond.0 (pid 12)");
  // processes of other users keep their descriptors to themselves
  mkdirSync(`${root}/13`);
  assert.equal(holderOf("/nowhere", root), null);
});
