import { readFileSync } from "node:fs";
import { ROOT } from "./paths.ts";

const manifest: unknown = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8"));

/** The version in package.json. */
export const VERSION: string =
  typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown";
