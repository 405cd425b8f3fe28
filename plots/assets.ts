/** What a page carries along, read from disk once: uPlot, the styles and the browser code of this folder. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const HERE = import.meta.dirname;
const resolve = createRequire(import.meta.url).resolve;

/** Its first line is the licence banner, which must stay. */
export const UPLOT_CODE: string = readFileSync(resolve("uplot/dist/uPlot.iife.min.js"), "utf8").trim();
export const UPLOT_STYLE: string = readFileSync(resolve("uplot/dist/uPlot.min.css"), "utf8").trim();

/** A stylesheet of styles/. */
export function style(name: string): string {
  return readFileSync(join(HERE, "styles", `${name}.css`), "utf8");
}

const IMPORT = /^import .* from "(\.[^"]+)";\n/gm;

/** The files that `path` imports, those first, each once. */
function inOrder(path: string, seen: string[] = []): string[] {
  if (seen.includes(path)) return seen;
  for (const [, name] of readFileSync(path, "utf8").matchAll(IMPORT)) {
    if (name !== undefined) inOrder(join(dirname(path), name), seen);
  }
  seen.push(path);
  return seen;
}

const bundles = new Map<string, string>();

/**
 * The modules of plots/browser/ as one classic script, since a page from file:// may not import.
 * They share one scope: top-level names must differ between files, and imports fit on one line.
 */
export function browserCode(entry: string): string {
  let code = bundles.get(entry);
  if (code === undefined) {
    const modules = inOrder(join(HERE, "browser", entry)).map((path) => readFileSync(path, "utf8"));
    const plain = modules.map((text) => text.replace(IMPORT, "").replace(/^export /gm, ""));
    code = `"use strict";(() => {\n${plain.join("\n")}})();`;
    bundles.set(entry, code);
  }
  return code;
}
