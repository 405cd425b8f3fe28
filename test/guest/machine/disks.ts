import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

const SWAP_BYTES = 512 * 2 ** 20;
const DISK_BYTES = 256 * 2 ** 20;

/**
 * The guest's disks, in the order of its /dev/vda, vdb: swap, and an ext4 for files that must not lie
 * in memory. Made here, since the guest would take seconds for it.
 */
export async function makeDisks(directory: string): Promise<string[]> {
  const swap = join(directory, "swap.img");
  const disk = join(directory, "disk.img");
  for (const [file, bytes] of [
    [swap, SWAP_BYTES],
    [disk, DISK_BYTES],
  ] as const) {
    writeFileSync(file, "", { mode: 0o600 });
    truncateSync(file, bytes);
  }
  const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  await execa("mkswap", [swap], { env });
  await execa("mkfs.ext4", ["-q", "-F", disk], { env });
  return [swap, disk];
}
