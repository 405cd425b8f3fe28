import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { ROOT } from "../../lib/paths.ts";
import { isDead, readPidStat } from "../../lib/procfs/pid-stat.ts";
import { listPids } from "../../lib/procfs/processes.ts";
import { LIMIT_MS, until } from "../helpers-c/programs.ts";

export { until };

/** The real command, as its users start it. */
export const TOOL = [process.execPath, "--import", "tsx", "scripts/pgfaultstat.ts"];
export const TOOL_BY_NPX = ["npx", "tsx", "scripts/pgfaultstat.ts"];
export const IS_ROOT = process.geteuid?.() === 0;

const NOBODY = 65_534;

export interface Outcome {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  process: ChildProcess;
  pid: number;
  /** What it has printed so far on both streams. */
  printed(): string;
  /** Resolves once it has printed this. */
  sees(pattern: RegExp): Promise<void>;
  ended: Promise<Outcome>;
}

/**
 * Starts any program in the checkout, with its output collected. It does not outlive the test; what
 * hangs is killed, and its status is null then.
 */
export function start(
  t: TestContext,
  [file = "", ...args]: readonly string[],
  options: SpawnOptions = {},
): Running {
  const child = spawn(file, args, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
    ...options,
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  child.stdin?.on("error", () => undefined); // it ended without reading
  let over = false;
  const ended = once(child, "close").then(([status, signal]): Outcome => {
    over = true;
    return { status, signal, ...output };
  });
  t.after(async () => {
    if (over) return;
    // a child of its own may hold the pipes after it
    const left = descendantsOf(child.pid ?? 0);
    child.kill("SIGKILL");
    for (const pid of left) endQuietly(pid);
    for (const stream of child.stdio) stream?.destroy();
    await ended;
  });
  if (child.pid === undefined) throw new Error(`cannot start ${file}`);
  const printed = (): string => output.stdout + output.stderr;
  return {
    process: child,
    pid: child.pid,
    printed,
    sees: (pattern) => until(`${pattern} printed`, () => pattern.test(printed()) || over),
    ended,
  };
}

function endQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it ended by itself meanwhile, which is as good
  }
}

/** Starts pgfaultstat. */
export const startTool = (t: TestContext, args: readonly string[], options: SpawnOptions = {}): Running =>
  start(t, [...TOOL, ...args], options);

/** Runs pgfaultstat to its end. */
export const runTool = (
  t: TestContext,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<Outcome> => startTool(t, args, options).ended;

/** Runs a shell script with pgfaultstat as "$@": for redirections and pipes. */
export const runShell = (t: TestContext, script: string, args: readonly string[] = []): Promise<Outcome> =>
  start(t, ["bash", "-c", script, "bash", ...TOOL, ...args]).ended;

/** A program to be traced: one that sleeps until the test ends, or another one, by this user or by nobody. */
export function startTarget(
  t: TestContext,
  command: readonly string[] = ["sleep", "1000"],
  options: SpawnOptions = {},
): Running {
  return start(t, command, options);
}

/** A shell that faults some hundred times a second: each fork leaves it pages to copy. */
export const startForker = (t: TestContext): Running =>
  startTarget(t, ["bash", "-c", "while :; do (:); sleep 0.02; done"]);

/** One that sleeps, by its pid as an option takes it. */
export const startSleep = (t: TestContext): string => String(startTarget(t).pid);

/** Words before a command that make it nobody's. */
export const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
export const nobody = { uid: NOBODY, gid: NOBODY };

/** A command behind a shell line of preparation, in mounts of its own: they end with it. */
export const inOwnMounts = (prepare: string, command: readonly string[]): string[] => [
  "unshare",
  "--mount",
  "--propagation=private",
  "sh",
  "-c",
  `${prepare} && exec "$@"`,
  "sh",
  ...command,
];

/** Runs a tool as nobody, who may not enter the folder of this checkout: it is mounted where he may. */
export async function runAsNobody(
  t: TestContext,
  args: readonly string[],
  tool: readonly string[] = TOOL,
): Promise<Outcome> {
  const folder = await openFolder(t);
  const command = inOwnMounts(`mount --bind . ${folder} && cd ${folder}`, [...AS_NOBODY, ...tool, ...args]);
  return start(t, command, { env: { ...process.env, HOME: folder, TMPDIR: "/tmp" } }).ended;
}

/** A folder that every user may read and that ends with the test. */
export async function openFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pgfaultstat-"));
  await chmod(folder, 0o755);
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An environment whose PATH has these programs only, each from the PATH that there is. */
export async function onlyPrograms(t: TestContext, names: readonly string[]): Promise<NodeJS.ProcessEnv> {
  const folder = await openFolder(t);
  await symlink(process.execPath, join(folder, "node"));
  for (const name of names) await symlink(await which(t, name), join(folder, name));
  return { ...process.env, PATH: folder };
}

async function which(t: TestContext, name: string): Promise<string> {
  return (await start(t, ["sh", "-c", `command -v ${name}`]).ended).stdout.trim();
}

/** An environment in which a program of this name comes first in PATH. */
export const withProgramsOf = (folder: string): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${folder}${delimiter}${process.env.PATH ?? ""}`,
});

/** Records of -j by type; a line that is no JSON object throws. */
export function recordsOf(stdout: string): { type: string; [field: string]: unknown }[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

export const summariesOf = (stdout: string) => recordsOf(stdout).filter(({ type }) => type === "summary");
export const samplesOf = (stdout: string) => recordsOf(stdout).filter(({ type }) => type === "sample");

/** tsx's compiler, a child of the tool while its cache is cold. */
const COMPILER = "esbuild";

/** The processes that this one has started and that live. */
export const childrenOf = (pid: number): number[] =>
  listPids().filter((child) => {
    const stat = readPidStat(child);
    return stat?.ppid === pid && stat.comm !== COMPILER && !isGone(child);
  });

/** All that descend from it. */
export const descendantsOf = (pid: number): number[] =>
  childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);

/** It does not run any more; its parent may not have asked for its status yet. */
export function isGone(pid: number): boolean {
  const stat = readPidStat(pid);
  return stat === null || isDead(stat);
}
