/** What a program in the guest finds of our environment. */
const PASSED_ON = ["PATH", "HOME", "TERM", "LANG", "CI"];

/** The shell script that start.sh runs: this command, in our working directory, with our PATH. */
export function commandScript(
  argv: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const exports = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`export ${name}=${quote(value)}`],
  );
  return [...exports, `cd ${quote(directory)}`, `exec ${argv.map(quote).join(" ")}`, ""].join("\n");
}

export const passedOn = (): Record<string, string | undefined> =>
  Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]]));

/** One word for a POSIX shell. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
