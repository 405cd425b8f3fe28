import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, type TestContext, test } from "node:test";
import { cached, temporary } from "../guest/machine/cache.ts";

let cache: string;
beforeEach((t) => {
  cache = mkdtempSync(join(tmpdir(), "cache-"));
  (t as TestContext).after(() => rmSync(cache, { recursive: true }));
});

/** Above PID_MAX_LIMIT (include/linux/threads.h): no process has it. */
const NOBODY = 4194305;

test("what was built once is found, not built again", async () => {
  const build = async (directory: string): Promise<void> => writeFileSync(join(directory, "image"), "kernel");
  const first = await cached("linux", build, cache);
  const second = await cached("linux", () => assert.fail("built again"), cache);
  assert.equal(second, first);
  assert.equal(readFileSync(join(second, "image"), "utf8"), "kernel");
});

test("a build that fails leaves nothing, and its error is the caller's", async () => {
  const build = async (directory: string): Promise<void> => {
    writeFileSync(join(directory, "half"), "");
    throw new Error("disk full");
  };
  await assert.rejects(cached("linux", build, cache), /disk full/);
  assert.deepEqual(readdirSync(cache), []);
});

test("while it is built it has no name, so that a killed build is never taken for a kernel", async () => {
  await cached("linux", async () => assert.equal(existsSync(join(cache, "linux")), false), cache);
  assert.deepEqual(readdirSync(cache), ["linux"]);
});

test("of two runs that build the same, the slower one takes what the faster one has built", async () => {
  const slow = async (): Promise<void> => {
    await cached("linux", async (directory) => writeFileSync(join(directory, "fast"), ""), cache);
  };
  assert.deepEqual(readdirSync(await cached("linux", slow, cache)), ["fast"]);
  assert.deepEqual(readdirSync(cache), ["linux"]);
});

test("what killed processes left is removed, what living ones use is not", () => {
  mkdirSync(join(cache, `.building-${NOBODY}-abc`));
  mkdirSync(join(cache, `.running-${process.ppid}-abc`));
  const own = temporary("running", cache);
  assert.deepEqual(
    readdirSync(cache)
      .map((name) => join(cache, name))
      .sort(),
    [own, join(cache, `.running-${process.ppid}-abc`)].sort(),
  );
});
