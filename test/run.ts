/**
 * The test command: type check, lint, then every test.
 *
 *   npm test                    everything except test/guest
 *   npm test -- PATH...         only these files or folders, without type check and lint
 *
 * A test that cannot run here skips with a reason: "kernel: ..." where this kernel cannot do it,
 * "needs: ..." where a program or a privilege lacks. With CI=true only the former is accepted.
 * Exit status: 0 all passed, 1 something failed, nothing was run, or a check failed, 2 no such path.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { execa } from "execa";
import { findTestFiles } from "./runner/files.ts";
import { countOutcome, formatTotals, noTests, problemsOf, type Totals } from "./runner/totals.ts";

const ROOT = join(import.meta.dirname, "..");
const FILE_TIMEOUT_MS = Number(process.env.TEST_FILE_TIMEOUT ?? 3600) * 1000;

process.exitCode = await main(process.argv.slice(2));
// A file that was given up after its time limit may not obey the signal; it must not keep us.
process.exit();

async function main(paths: string[]): Promise<number> {
  if (paths.length === 0 && !(await checksPass())) return 1;
  let files: ReturnType<typeof findTestFiles>;
  try {
    files = findTestFiles(join(ROOT, "test"), paths);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    process.stderr.write(`test: ${error.message}\n`);
    return 2;
  }
  const totals = noTests();
  const events = Readable.from(runAll(files.together, files.alone, totals));
  await pipeline(events, new spec(), process.stdout, { end: false });

  const problems = problemsOf(totals, process.env.CI === "true");
  process.stdout.write(formatTotals(totals));
  for (const problem of problems) process.stderr.write(`test: ${problem}\n`);
  return problems.length > 0 ? 1 : 0;
}

async function checksPass(): Promise<boolean> {
  const options = {
    cwd: ROOT,
    preferLocal: true,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  } as const;
  const checks = await Promise.all([
    execa("tsc", ["-p", "."], { ...options, reject: false }),
    execa("biome", ["check"], { ...options, reject: false }),
  ]);
  const failed = checks.filter((check) => check.failed);
  for (const check of failed) process.stderr.write(`test: ${check.command} failed\n`);
  return failed.length === 0;
}

/** The events of both groups as one stream, counted on their way; without the two closing summaries. */
async function* runAll(together: string[], alone: string[], totals: Totals) {
  for (const [files, concurrency] of [
    [together, availableParallelism()],
    [alone, 1],
  ] as const) {
    if (files.length === 0) continue;
    // The children inherit our execArgv, hence tsx.
    for await (const event of run({ files: [...files], concurrency, timeout: FILE_TIMEOUT_MS })) {
      if (event.type === "test:diagnostic" && event.data.file === undefined) continue;
      if (event.type === "test:pass") countOutcome(totals, "pass", event.data);
      if (event.type === "test:fail") countOutcome(totals, "fail", event.data);
      yield event;
    }
  }
}
