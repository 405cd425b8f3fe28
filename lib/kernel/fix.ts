export const isRoot = (): boolean => process.geteuid?.() === 0;

/** The command as this user has to type it. */
export const asRoot = (command: string): string => (isRoot() ? command : `sudo ${command}`);

/** Debian's package of a program. */
export const install = (...packages: string[]): string =>
  asRoot(`apt-get install -y --no-install-recommends ${packages.join(" ")}`);

/**
 * How to start this very command as root; null for root. In full: sudo's own PATH knows no Node in a
 * user's home, and --import must not depend on the current directory.
 */
export function startAsRoot(argv: readonly string[] = process.argv): string | null {
  if (isRoot()) return null;
  const loader = import.meta.resolve("tsx");
  return ["sudo", process.execPath, "--import", loader, ...argv.slice(1)].map(quoted).join(" ");
}

/** A word for a shell to take as it is. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** Doctor's advice behind a reason, for a user who is not root, unless there is a better one already. */
export function withFix(why: string): string {
  const fix = startAsRoot();
  return fix === null || why.includes("apt-get") ? why : `${why.replace(/\.$/, "")}: ${fix}`;
}
