import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { ROOT } from "../../lib/paths.ts";

/** Modules ask where they lie; in a bundle they would all lie in one place. */
const keepPlaces: Plugin = {
  name: "keep-places",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, "utf8")
        .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
        .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)));
      return { contents, loader: "ts", resolveDir: dirname(path) };
    });
  },
};

/** CommonJS packages call require, which a module has not. */
const REQUIRE = `import { createRequire as requireFrom } from "node:module"; const require = requireFrom("${pathToFileURL(ROOT).href}/");`;

/**
 * Makes one file of JavaScript, DIRECTORY/NAME.mjs, of each of these of TypeScript and all that they
 * import: under emulation tsx needs half a minute to start, node alone a second.
 */
export async function bundle(files: readonly string[], directory: string): Promise<void> {
  await build({
    entryPoints: files.map((file) => ({ in: resolve(ROOT, file), out: basename(file, ".ts") })),
    outdir: directory,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner: { js: REQUIRE },
    plugins: [keepPlaces],
    logLevel: "warning",
  });
}
