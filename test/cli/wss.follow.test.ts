import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { before, test } from "node:test";
import { execa } from "execa";
import { ROOT } from "../../lib/paths.ts";
import { make } from "../helpers-c/programs.ts";

const CHILDREN = "sleep 3 & sleep 3 & sleep 3 & wait";
const run = (tool: string, ...args: string[]) =>
  execa("node", ["--import", "tsx", `${ROOT}/scripts/${tool}.ts`, ...args]);

/** What the table has in its column PID. */
const pidsIn = (table: string): Set<string> =>
  new Set([...table.matchAll(/^\d\d:\d\d:\d\d\S* +(\d+) /gm)].map(([, pid = ""]) => pid));

before(() => make());

test("-f: each row says whose it is, also where there was one process at the beginning", async (t) => {
  const directory = mkdtempSync(`${ROOT}/build/follow-`);
  t.after(() => rmSync(directory, { recursive: true }));
  const { stdout } = await run(
    "wss",
    "-f",
    "-d",
    "2.5",
    "-o",
    `${directory}/r`,
    "0.5",
    "--",
    "sh",
    "-c",
    CHILDREN,
  );
  assert.match(stdout, /^ +TIME +PID +WSS/);
  assert.equal(pidsIn(stdout).size, 4, stdout);
  assert.equal((await run("report", `${directory}/r`)).stdout, stdout);
});
