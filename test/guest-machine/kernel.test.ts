import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execa } from "execa";
import { notTaken } from "../guest/machine/built-kernel.ts";
import { needPackages } from "../guest/machine/packages.ts";
import { unpackKernel } from "../guest/machine/vmlinux.ts";

test("a line of the fragment that kconfig dropped is named", () => {
  const fragment =
    '# swap\nCONFIG_SWAP=y\nCONFIG_ZRAM=y\n# CONFIG_SLUB_TINY is not set\nCONFIG_LOCALVERSION="-x"\n';
  const config = 'CONFIG_SWAP=y\n# CONFIG_ZRAM is not set\nCONFIG_LOCALVERSION="-x"\nCONFIG_SWAP_MORE=y\n';
  assert.deepEqual(notTaken(fragment, config), ["CONFIG_ZRAM=y"]);
});

test("what shall not be set must not be, but may be unknown", () => {
  const fragment = "# CONFIG_SLUB_TINY is not set\n";
  assert.deepEqual(notTaken(fragment, ""), []);
  assert.deepEqual(notTaken(fragment, "CONFIG_SLUB_TINY=y\n"), ["# CONFIG_SLUB_TINY is not set"]);
});

test("a bzImage is unpacked to the ELF file that was packed into it; one that is not of xz is left", async (t) => {
  await needPackages("xz-utils");
  const directory = mkdtempSync(join(tmpdir(), "kernel-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const [image, target] = [join(directory, "bzImage"), join(directory, "vmlinux")];
  const { stdout: packed } = await execa("xz", ["-c"], { input: "\x7fELF and so on", encoding: "buffer" });
  writeFileSync(image, bzImage(packed));
  assert.equal(await unpackKernel(image, target), true);
  assert.equal(readFileSync(target, "latin1"), "\x7fELF and so on");

  writeFileSync(image, bzImage(Buffer.from("\x1f\x8bgzip", "latin1")));
  assert.equal(await unpackKernel(image, join(directory, "other")), false);
});

/** As arch/x86/boot puts it together: setup sectors, a decompressor, the payload with its size, a rest. */
function bzImage(payload: Uint8Array): Buffer {
  const [setupSectors, decompressor] = [4, 1000];
  const setup = Buffer.alloc((setupSectors + 1) * 512);
  setup.writeUInt8(setupSectors, 0x1f1);
  setup.writeUInt32LE(decompressor, 0x248);
  setup.writeUInt32LE(payload.length + 4, 0x24c);
  return Buffer.concat([
    setup,
    Buffer.alloc(decompressor, 0x90),
    payload,
    Buffer.alloc(4),
    Buffer.alloc(64, 1),
  ]);
}
