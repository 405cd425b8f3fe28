import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { execa } from "execa";

const ROOT = join(import.meta.dirname, "../..");

interface Outcome {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs the test command over one made-up test file with this body. */
async function runBody(t: TestContext, body: string, env: Record<string, string> = {}): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "test-run-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "made-up.test.ts");
  await writeFile(file, `import { describe, test } from "node:test";\n${body}\n`);
  return runPaths([file], env);
}

async function runPaths(paths: string[], env: Record<string, string> = {}): Promise<Outcome> {
  // NODE_TEST_CONTEXT would tell the inner runner that it is itself a test file; CI is what the test says.
  const { exitCode, stdout, stderr } = await execa("node", ["--import", "tsx", "test/run.ts", ...paths], {
    cwd: ROOT,
    env: { NODE_TEST_CONTEXT: undefined, CI: undefined, ...env },
    stdin: "ignore",
    timeout: 60_000,
    reject: false,
  });
  return { exitCode, stdout, stderr };
}

const closing = (tests: number, pass: number, fail: number, skipped: number): RegExp =>
  new RegExp(`# tests ${tests}\\n# pass ${pass}\\n# fail ${fail}\\n# skipped ${skipped}\\n`);

test("passing tests end the run with 0 and node's closing lines", async (t) => {
  const { exitCode, stdout } = await runBody(t, `test("a", () => {}); test("b", () => {});`);
  assert.match(stdout, closing(2, 2, 0, 0));
  assert.match(stdout, /\n2 passed, 0 failed, 0 skipped$/);
  assert.equal(exitCode, 0);
});

test("one failing test ends the run with 1", async (t) => {
  const { exitCode, stdout, stderr } = await runBody(
    t,
    `test("a", () => {}); test("b", () => { throw 1; });`,
  );
  assert.match(stdout, closing(2, 1, 1, 0));
  assert.match(stderr, /^test: 1 failed$/m);
  assert.equal(exitCode, 1);
});

test("a test file that does not load is a failure", async (t) => {
  const { exitCode, stdout } = await runBody(t, `throw new Error("at load");`);
  assert.match(stdout, closing(1, 0, 1, 0));
  assert.equal(exitCode, 1);
});

test("a run without any test is a failure", async (t) => {
  const { exitCode, stdout, stderr } = await runBody(t, "");
  assert.match(stdout, closing(0, 0, 0, 0));
  assert.match(stderr, /^test: no test was run$/m);
  assert.equal(exitCode, 1);
});

const NEEDS = `test("a", () => {}); test("b", (t) => t.skip("needs: chromium"));`;

test("a skip for want of a program is listed with its reason and accepted outside CI", async (t) => {
  const { exitCode, stdout } = await runBody(t, NEEDS);
  assert.match(stdout, /^skipped: .*made-up\.test\.ts: b: needs: chromium$/m);
  assert.match(stdout, closing(2, 1, 0, 1));
  assert.equal(exitCode, 0);
});

test("a skip for want of a program is a failure in CI", async (t) => {
  const { exitCode, stderr } = await runBody(t, NEEDS, { CI: "true" });
  assert.match(stderr, /^test: 1 skipped in CI/m);
  assert.equal(exitCode, 1);
});

test("a skipped suite counts as a skip, and without a reason it is a failure in CI", async (t) => {
  const body = `test("a", () => {}); describe.skip("s", () => { test("b", () => {}); });`;
  const { exitCode, stdout } = await runBody(t, body, { CI: "true" });
  assert.match(stdout, /^skipped: .*made-up\.test\.ts: s: no reason given$/m);
  assert.equal(exitCode, 1);
});

test("a skip that the kernel causes is accepted in CI", async (t) => {
  const body = `test("a", () => {}); test("b", (t) => t.skip("kernel: no kprobes"));`;
  const { exitCode, stdout } = await runBody(t, body, { CI: "true" });
  assert.match(stdout, closing(2, 1, 0, 1));
  assert.equal(exitCode, 0);
});

test("a file that hangs is named and given up after the time limit, even one that ignores SIGTERM", async (t) => {
  const body = `process.on("SIGTERM", () => {}); setTimeout(() => process.exit(), 20_000); test("a", () => new Promise(() => {}));`;
  const { exitCode, stdout } = await runBody(t, body, { TEST_FILE_TIMEOUT: "2" });
  assert.match(stdout, /made-up\.test\.ts.*\n.*timed out after 2000ms/);
  assert.match(stdout, closing(1, 0, 1, 0));
  assert.equal(exitCode, 1);
});

test("a path that does not exist is a usage error in one line", async () => {
  const { exitCode, stderr } = await runPaths(["/no/such.test.ts"]);
  assert.match(stderr, /^test: ENOENT: no such file or directory, stat '\/no\/such\.test\.ts'$/);
  assert.equal(exitCode, 2);
});
