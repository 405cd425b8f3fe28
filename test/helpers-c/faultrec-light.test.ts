import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { ROOT } from "../../lib/paths.ts";

const directory = mkdtempSync(join(tmpdir(), "stretch-"));
const stretch = join(directory, "stretch");

before(async () => {
  const source = fileURLToPath(new URL("stretch.c", import.meta.url));
  await execa("gcc", [
    "-Wall",
    "-Werror",
    "-Wno-unused-function",
    "-I",
    `${ROOT}/helpers-c`,
    "-o",
    stretch,
    source,
  ]);
});
after(() => rmSync(directory, { recursive: true }));

const told = async (ring: string): Promise<string[]> => (await execa(stretch, [ring])).stdout.split("\n");

test("what follows when one has left is not his: another may have come before his event was on", async () => {
  assert.deepEqual(await told("unseen"), ["a1 by 1", "b1 by 2", "a2 by 1", "b2 by 2"]);
});

test("faults of nobody knows whom wait until he leaves, however long nothing happens", async () => {
  assert.deepEqual(await told("quiet"), ["silence", "b1 by 2"]);
});

test("but not where they leave him no room to say that he leaves", async () => {
  assert.equal((await told("full")).at(-1), "0 left");
});

test("who finds room again after a loss is not who faulted before it", async () => {
  assert.deepEqual(await told("lost"), ["b1 by 0", "a1 by 1"]);
});
