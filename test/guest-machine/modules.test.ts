import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { dependenciesOf, loadOrder } from "../guest/machine/modules.ts";

/** The strings of a .modinfo section among other bytes. */
const moduleFile = (...needs: string[]): Buffer =>
  Buffer.from(`\x7fELF\0license=GPL\0depends=${needs.join()}\0intree=Y\0`, "latin1");

test("a module says what it needs", () => {
  assert.deepEqual(dependenciesOf(moduleFile("netfs", "fscache")), ["netfs", "fscache"]);
  assert.deepEqual(dependenciesOf(moduleFile()), []);
});

function modulesDirectory(t: TestContext, modules: Record<string, string[]>): string {
  const directory = mkdtempSync(join(tmpdir(), "modules-"));
  t.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "6.1/kernel/fs"), { recursive: true });
  for (const [name, needs] of Object.entries(modules)) {
    writeFileSync(join(directory, `6.1/kernel/fs/${name}.ko`), moduleFile(...needs));
  }
  writeFileSync(join(directory, "6.1/modules.builtin"), "kernel/fs/overlayfs/overlay.ko\n");
  return directory;
}

test("modules are loaded after all that they need, each once, whether written with - or _", (t) => {
  const directory = modulesDirectory(t, {
    "9p": ["netfs", "crc-16"],
    netfs: ["crc_16"],
    "crc-16": [],
    ext4: ["netfs"],
  });
  const order = loadOrder(directory, ["9p", "ext4"]).map((file) => file.replace(/.*\//, ""));
  assert.deepEqual(order, ["crc-16.ko", "netfs.ko", "9p.ko", "ext4.ko"]);
});

test("what is built in needs no loading; what is nowhere is an error", (t) => {
  const directory = modulesDirectory(t, {});
  assert.deepEqual(loadOrder(directory, ["overlay"]), []);
  assert.throws(() => loadOrder(directory, ["zfs"]), /no module zfs/);
});
