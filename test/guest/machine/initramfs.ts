import { chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { execa } from "execa";

/** The guest's first file system: busybox, init.sh, start.sh, and the modules that it loads. */
export async function makeInitramfs(directory: string, modules: readonly string[]): Promise<string> {
  const tree = join(directory, "initramfs");
  for (const each of ["bin", "proc", "dev", "modules"]) mkdirSync(join(tree, each), { recursive: true });
  copyFileSync("/bin/busybox", join(tree, "bin/busybox"));
  for (const [from, to] of [
    ["init.sh", "init"],
    ["start.sh", "start.sh"],
  ] as const) {
    copyFileSync(join(import.meta.dirname, from), join(tree, to));
    chmodSync(join(tree, to), 0o755);
  }
  for (const file of modules) copyFileSync(file, join(tree, "modules", basename(file)));
  writeFileSync(join(tree, "modules/order"), modules.map((file) => `${basename(file)}\n`).join(""));

  const paths = readdirSync(tree, { recursive: true, encoding: "utf8" });
  const archive = await execa("cpio", ["-o", "-H", "newc", "-R", "0:0"], {
    cwd: tree,
    input: [".", ...paths].join("\n"),
    encoding: "buffer",
    maxBuffer: 2 ** 28,
  });
  const file = join(directory, "initramfs.cpio");
  writeFileSync(file, archive.stdout);
  return file;
}
