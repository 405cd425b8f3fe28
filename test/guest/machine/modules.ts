import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** The names of modules that a module file (.ko) needs, from its .modinfo section. */
export function dependenciesOf(file: Buffer): string[] {
  const mark = "\0depends=";
  const start = file.indexOf(mark, 0, "latin1");
  if (start < 0) return [];
  const from = start + mark.length;
  return file.toString("latin1", from, file.indexOf(0, from)).split(",").filter(Boolean);
}

/** Each file after all that it needs, none twice. */
function inOrder(files: readonly string[], dependencies: (file: string) => readonly string[]): string[] {
  const order = new Set<string>();
  const visit = (file: string): void => {
    if (order.has(file)) return;
    for (const each of dependencies(file)) visit(each);
    order.add(file);
  };
  for (const file of files) visit(file);
  return [...order];
}

/**
 * The files of these modules and of all they need, in the order of loading; without what is built in.
 *
 * @param directory lib/modules of one kernel
 */
export function loadOrder(directory: string, names: readonly string[]): string[] {
  const entries = readdirSync(directory, { recursive: true, encoding: "utf8" });
  const files = new Map(
    entries.filter((path) => path.endsWith(".ko")).map((path) => [moduleName(path), join(directory, path)]),
  );
  const fileOf = (name: string): string => {
    const file = files.get(moduleName(name));
    if (file === undefined) throw new Error(`no module ${name} in ${directory}`);
    return file;
  };
  const builtIn = new Set(
    entries
      .filter((path) => basename(path) === "modules.builtin")
      .flatMap((path) => readFileSync(join(directory, path), "utf8").split("\n").map(moduleName)),
  );
  const wanted = names.filter((name) => !builtIn.has(moduleName(name)));
  return inOrder(wanted.map(fileOf), (file) => dependenciesOf(readFileSync(file)).map(fileOf));
}

/** The kernel takes - and _ in a module's name for the same. */
const moduleName = (path: string): string => basename(path, ".ko").replaceAll("-", "_");
