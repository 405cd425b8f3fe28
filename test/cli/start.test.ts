import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { ROOT } from "../../lib/paths.ts";
import { start, startSleep } from "./tool.ts";

test("npm start sets up, traces the bundled workload, and shows rows, exact books, a sentence and a page", async (t) => {
  const { status, stdout, stderr } = await start(t, ["npm", "start"]).ended;
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^ +PID +minflt\/s +majflt\/s .* COMMAND$/m);
  assert.ok((stdout.match(/^ *\d+ .* demo$/gm) ?? []).length >= 4, "a row a second, and the average");
  assert.match(stdout, /the books balance exactly/);
  assert.match(stdout, /minor fault latency: p50/);
  assert.match(stdout, /accesses: read/);
  assert.match(stdout, /^demo \(pid \d+\) took [\d,]+ minor and [\d,]+ major page faults/m);
  const page = /^charts: (file:\S+)$/m.exec(stderr)?.[1];
  assert.ok(page, stderr);
  assert.match(readFileSync(fileURLToPath(page), "utf8"), /^<!doctype html>/i);
});

test("npm start -- -p PID traces that process", async (t) => {
  const pid = startSleep(t);
  const { status, stdout } = await start(t, ["npm", "-s", "start", "--", "-p", pid, "0.2", "2"]).ended;
  assert.equal(status, 0);
  assert.equal((stdout.match(new RegExp(`^ *${pid} `, "gm")) ?? []).length, 3, "two rows and the average");
});

test("a bare number after npm start is refused, with the form that is right", async (t) => {
  const { status, stdout, stderr } = await start(t, ["npm", "-s", "start", "-p", "1234"]).ended;
  assert.equal(status, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /^start: '1234' is no target: npm start -- -p 1234 /m);
});

test("the pgfaultstat of the package runs from any directory", async () => {
  const directory = mkdtempSync(`${tmpdir()}/pgfaultstat-`);
  try {
    const argv = [`${ROOT}/scripts/bin/pgfaultstat.js`, "-j", "--via", "proc", "--", "true"];
    const { exitCode, stdout } = await execa("node", argv, { cwd: directory });
    assert.equal(exitCode, 0);
    assert.equal(JSON.parse(stdout.split("\n").at(-1) ?? "").type, "summary");
    const { stdout: version } = await execa("npx", ["pgfaultstat", "--version"], { cwd: ROOT });
    assert.match(version, /^\d+\.\d+\.\d+$/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
