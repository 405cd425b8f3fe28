import { readFileSync, writeFileSync } from "node:fs";
import { execa } from "execa";

/** Offsets of Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". */
const HEADER = { setupSectors: 0x1f1, payloadOffset: 0x248, payloadLength: 0x24c };
const SECTOR = 512;
/** The uncompressed size, which the build appends to what it compressed. */
const SIZE_BYTES = 4;
const XZ = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);

/** The compressed kernel within a bzImage. */
export function payloadOf(image: Buffer): Buffer {
  const protectedMode = (image.readUInt8(HEADER.setupSectors) + 1) * SECTOR;
  const start = protectedMode + image.readUInt32LE(HEADER.payloadOffset);
  return image.subarray(start, start + image.readUInt32LE(HEADER.payloadLength) - SIZE_BYTES);
}

/**
 * Unpacks a bzImage into `target`, an ELF file that QEMU boots at its PVH entry (CONFIG_PVH): under
 * emulation the guest needs many seconds for what the host does in one. False where it is not packed
 * by xz, as Debian's and a tinyconfig's are.
 */
export async function unpackKernel(image: string, target: string): Promise<boolean> {
  const payload = payloadOf(readFileSync(image));
  if (!payload.subarray(0, XZ.length).equals(XZ)) return false;
  const { stdout } = await execa("xz", ["-dc"], { input: payload, encoding: "buffer", maxBuffer: 2 ** 30 });
  writeFileSync(target, stdout);
  return true;
}
