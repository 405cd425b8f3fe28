import { execa } from "execa";
import { EXIT, UserError } from "../../../lib/cli/error.ts";
import { say } from "./progress.ts";

const APT = {
  env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
  stdin: "ignore",
  reject: false,
} as const;

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is dpkg-query that fills it in
const STATUS_FORMAT = "${Package} ${db:Status-Status}\n";

/**
 * Installs the Debian packages that are not there.
 *
 * @throws UserError with the command to run, where it cannot
 */
export async function needPackages(...names: string[]): Promise<void> {
  const { stdout, failed } = await execa("dpkg-query", ["-W", "-f", STATUS_FORMAT, ...names], APT);
  const missing = missingPackages(names, stdout ?? "");
  if (missing.length === 0) return;
  const command = ["install", "-y", "-qq", "--no-install-recommends", ...missing];
  const advice = `install what is missing: apt-get install --no-install-recommends ${missing.join(" ")}`;
  if (failed && stdout === undefined) throw new UserError(`no dpkg here; ${advice}`, EXIT.prerequisite);
  if (process.getuid?.() !== 0) throw new UserError(advice, EXIT.prerequisite);
  say(`installing: ${missing.join(" ")}`);
  await updateLists();
  const { exitCode, stderr } = await execa("apt-get", command, APT);
  if (exitCode !== 0) throw new UserError(`${advice}: ${stderr?.split("\n").at(-1)}`, EXIT.prerequisite);
}

/** Of `names`, those that are not listed as installed, in STATUS_FORMAT. */
export function missingPackages(names: readonly string[], listed: string): string[] {
  const lines = new Set(listed.split("\n"));
  return names.filter((name) => !lines.has(`${name} installed`));
}

/** What apt knows; asked again with fresh lists where it knows nothing, as in a new container. */
export async function askApt(ask: () => Promise<string | null>): Promise<string | null> {
  const known = await ask();
  if (known !== null) return known;
  await updateLists();
  return ask();
}

const updateLists = (): Promise<unknown> => execa("apt-get", ["update", "-qq"], APT);

/** The version of a package that is installed, or else would be; null where apt knows none. */
export async function packageVersion(name: string): Promise<string | null> {
  const { stdout } = await execa("apt-cache", ["policy", name], APT);
  return versionOf(stdout ?? "");
}

/** Out of `apt-cache policy NAME`. */
export function versionOf(policy: string): string | null {
  const [installed, candidate] = ["Installed", "Candidate"].map(
    (word) => new RegExp(`^ *${word}: (\\S+)$`, "m").exec(policy)?.[1] ?? "(none)",
  );
  return [installed, candidate].find((version) => version !== undefined && version !== "(none)") ?? null;
}
