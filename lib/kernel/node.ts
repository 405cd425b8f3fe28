import { type Check, lacks, works } from "./capability.ts";
import { asRoot } from "./fix.ts";

/** package.json "engines". */
const OLDEST = [20, 12] as const;

export const node: Check = {
  severity: "fail",
  loses: "everything: the tools are written for Node 20",
  attempt: () => {
    const version = process.versions.node;
    return isRecent(version)
      ? works(`v${version}`)
      : lacks(`v${version}, older than ${OLDEST.join(".")}`, asRoot("npx --yes n 20"));
  },
};

export function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
