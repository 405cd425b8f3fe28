import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { EXIT, UserError } from "../../../lib/cli/error.ts";
import { helperPath } from "../../../lib/paths.ts";
import { cached } from "./cache.ts";
import type { Kernel } from "./kernel.ts";
import { askApt, needPackages, packageVersion } from "./packages.ts";
import { Progress, say } from "./progress.ts";
import { unpackKernel } from "./vmlinux.ts";

const SOURCE = "linux-source-6.12";
const BUILD_PACKAGES = [
  "gcc",
  "make",
  "flex",
  "bison",
  "bc",
  "libelf-dev",
  "libssl-dev",
  "dwarves",
  "xz-utils",
];
const FRAGMENT = join(import.meta.dirname, "..", "kernel.fragment");
/** Lines that make prints, about, for the progress. */
const STEPS = 2310;

/** The kernel with everything: kernel.fragment over tinyconfig. Built once, then found in the cache. */
export async function builtKernel(signal?: AbortSignal): Promise<Kernel> {
  const fragment = readFileSync(FRAGMENT, "utf8");
  const version = await askApt(() => packageVersion(SOURCE));
  if (version === null) throw new UserError(`apt knows no ${SOURCE}`, EXIT.prerequisite);
  const hash = createHash("sha256").update(fragment).update(version).digest("hex").slice(0, 12);
  const directory = await cached(`${SOURCE}-${hash}`, (into) => build(fragment, into, signal));
  return { image: join(directory, "vmlinux"), modules: [] };
}

/** Leaves `vmlinux` and `config` in the directory. */
async function build(fragment: string, directory: string, signal?: AbortSignal): Promise<void> {
  await needPackages(SOURCE, ...BUILD_PACKAGES);
  say(`building ${SOURCE}, once: about 8 minutes on 2 CPUs`);
  await execa("tar", ["-xJf", `/usr/src/${SOURCE}.tar.xz`, "-C", directory]);
  const source = join(directory, SOURCE);
  const run = { cwd: source, stdin: "ignore", all: true, env: { LC_ALL: "C" } } as const;
  await execa("make", ["tinyconfig"], run);
  await execa("scripts/kconfig/merge_config.sh", ["-m", ".config", FRAGMENT], run);
  await execa("make", ["olddefconfig"], run);
  const refused = notTaken(fragment, readFileSync(join(source, ".config"), "utf8"));
  if (refused.length > 0) throw new Error(`kernel.fragment: not taken: ${refused.join(", ")}`);

  await makeImage(source, signal);
  const image = join(source, "arch/x86/boot/bzImage");
  if (!(await unpackKernel(image, join(directory, "vmlinux"))))
    throw new Error(`${image} is not packed by xz`);
  renameSync(join(source, ".config"), join(directory, "config"));
  rmSync(source, { recursive: true });
}

/** On a leash: a build of minutes must not go on when nobody waits for it any more. */
async function makeImage(source: string, signal?: AbortSignal): Promise<void> {
  const leash = helperPath("leash");
  if (!existsSync(leash)) throw new UserError("the helpers are not built: npm run setup", EXIT.prerequisite);
  const make = execa(leash, [String(process.pid), "make", `-j${availableParallelism()}`, "bzImage"], {
    cwd: source,
    stdin: "ignore",
    buffer: { stdout: false },
    reject: false,
    env: { LC_ALL: "C" },
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  const progress = new Progress();
  const started = Date.now();
  let steps = 0;
  for await (const line of make.iterable({ from: "stdout" })) {
    if (!/^ {2}[A-Z]/.test(line)) continue;
    steps += 1;
    const share = Math.min(99, Math.round((100 * steps) / STEPS));
    progress.update(`kernel ${share} %, ${Math.round((Date.now() - started) / 1000)} s`);
  }
  progress.end();
  const { exitCode, stderr, isCanceled } = await make;
  if (isCanceled) throw new UserError("interrupted", EXIT.failed);
  if (exitCode !== 0) throw new UserError(`the kernel does not build: ${stderr.slice(-2000)}`, EXIT.failed);
}

/** The lines of a fragment that are not so in a .config: kconfig drops in silence what it cannot have. */
export function notTaken(fragment: string, config: string): string[] {
  const lines = new Set(config.split("\n"));
  const settings = fragment
    .split("\n")
    .filter((line) => /^(CONFIG_\w+=|# CONFIG_\w+ is not set$)/.test(line));
  return settings.filter((line) => {
    const name = /CONFIG_\w+/.exec(line)?.[0];
    const isSet = [...lines].some((each) => each.startsWith(`${name}=`));
    return line.startsWith("#") ? isSet : !lines.has(line);
  });
}
