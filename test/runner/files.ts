import { readdirSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";

/** Tests that measure the real kernel or drive real programs: one file at a time, else they measure each other. */
const ALONE = ["live", "helpers-c", "browser", "cli"];
/** Tests that boot a guest of their own: only when they are named. */
const BY_NAME_ONLY = ["guest"];

export interface TestFiles {
  /** Absolute paths, sorted. */
  together: string[];
  alone: string[];
}

/**
 * The test files beneath `testRoot`, or those of `paths` (files, or folders that are walked).
 * Throws ENOENT for a path that does not exist.
 */
export function findTestFiles(testRoot: string, paths: readonly string[]): TestFiles {
  const found =
    paths.length > 0
      ? paths.flatMap((path) => walk(resolve(path)))
      : walk(testRoot).filter((file) => !isIn(file, testRoot, BY_NAME_ONLY));
  const files = [...new Set(found)].sort();
  return {
    together: files.filter((file) => !isIn(file, testRoot, ALONE)),
    alone: files.filter((file) => isIn(file, testRoot, ALONE)),
  };
}

function walk(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(path, name));
}

function isIn(file: string, testRoot: string, folders: readonly string[]): boolean {
  return folders.includes(relative(testRoot, file).split(sep)[0] ?? "");
}
