import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { EXIT, UserError } from "../../../lib/cli/error.ts";
import { cached } from "./cache.ts";
import type { Kernel } from "./kernel.ts";
import { loadOrder } from "./modules.ts";
import { askApt, needPackages, packageVersion } from "./packages.ts";
import { say } from "./progress.ts";
import { unpackKernel } from "./vmlinux.ts";

/** What the guest needs to reach its root and its disks; ext4 asks for crc32c by name only. */
const MODULES = ["virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_blk", "crc32c_generic", "ext4"];

/** Debian's stock 6.1 kernel: downloaded and unpacked, never installed. */
export async function debianKernel(): Promise<Kernel> {
  const name = await askApt(findNewest);
  if (name === null) throw new UserError("apt knows no linux-image-6.1.0-NN-amd64", EXIT.prerequisite);
  const version = await packageVersion(name);
  const directory = await cached(`${name}-${version}`, (into) => fetchKernel(name, into));
  const boot = readdirSync(join(directory, "boot"));
  const image = boot.find((file) => file === "vmlinux") ?? boot.find((file) => file.startsWith("vmlinuz-"));
  if (image === undefined) throw new Error(`no kernel in ${directory}/boot`);
  return {
    image: join(directory, "boot", image),
    modules: loadOrder(join(directory, "lib/modules"), MODULES),
  };
}

async function findNewest(): Promise<string | null> {
  const pattern = "^linux-image-6\\.1\\.0-[0-9]+-amd64$";
  const { stdout } = await execa("apt-cache", ["search", "--names-only", pattern], { reject: false });
  return newestImage(stdout ?? "");
}

async function fetchKernel(name: string, directory: string): Promise<void> {
  await needPackages("xz-utils");
  say(`fetching ${name}, once`);
  const { failed, stderr } = await execa("apt-get", ["download", "-qq", name], {
    cwd: directory,
    reject: false,
  });
  const archive = readdirSync(directory).find((file) => file.endsWith(".deb"));
  if (failed || archive === undefined) {
    throw new UserError(`cannot download ${name}: ${stderr}`, EXIT.prerequisite);
  }
  await execa("dpkg-deb", ["-x", archive, "."], { cwd: directory });
  rmSync(join(directory, archive));
  const boot = join(directory, "boot");
  const files = readdirSync(boot);
  const config = files.find((file) => file.startsWith("config-")) ?? "";
  const image = files.find((file) => file.startsWith("vmlinuz-")) ?? "";
  if (/^CONFIG_PVH=y$/m.test(readFileSync(join(boot, config), "utf8"))) {
    await unpackKernel(join(boot, image), join(boot, "vmlinux"));
  }
}

/** Out of `apt-cache search`: the highest of the plain images. */
export function newestImage(listed: string): string | null {
  const names = [...listed.matchAll(/^(linux-image-6\.1\.0-(\d+)-amd64) /gm)];
  const newest = names.sort((a, b) => Number(a[2]) - Number(b[2])).at(-1);
  return newest?.[1] ?? null;
}
