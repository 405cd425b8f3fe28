export const isRoot = (): boolean => process.geteuid?.() === 0;

/** The command as this user has to type it. */
export const asRoot = (command: string): string => (isRoot() ? command : `sudo ${command}`);

/** Debian's package of a program. */
export const install = (...packages: string[]): string =>
  asRoot(`apt-get install -y --no-install-recommends ${packages.join(" ")}`);

/** How to start the tool with every right: sudo's own PATH does not know a Node in the user's home. */
export const startAsRoot = (): string | null => (isRoot() ? null : 'sudo env "PATH=$PATH" npm start');
