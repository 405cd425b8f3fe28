import { relative } from "node:path";

/** What is used of node:test's "test:pass" and "test:fail" events. */
export interface TestOutcome {
  name: string;
  file?: string | undefined;
  skip?: string | boolean | undefined;
  todo?: string | boolean | undefined;
  details: { type?: string | undefined };
}

export interface Skip {
  where: string;
  /** Begins with "kernel: " where no set-up could help, with "needs: " where one could; "" if none is given. */
  reason: string;
}

export interface Totals {
  pass: number;
  fail: number;
  todo: number;
  skipped: number;
  skips: Skip[];
}

export const noTests = (): Totals => ({ pass: 0, fail: 0, todo: 0, skipped: 0, skips: [] });

/**
 * Adds one outcome. As node's own totals, with two exceptions: a file without tests is no test (node: one
 * that passed), and a skipped suite is a skip (node: nothing).
 */
export function countOutcome(totals: Totals, kind: "pass" | "fail", test: TestOutcome): void {
  const isSuite = test.details.type === "suite";
  if (isGiven(test.skip)) {
    totals.skips.push({ where: whereOf(test), reason: typeof test.skip === "string" ? test.skip : "" });
    totals.skipped++;
  } else if (isSuite || (kind === "pass" && test.name === test.file)) {
    return;
  } else if (isGiven(test.todo)) {
    totals.todo++;
  } else {
    totals[kind]++;
  }
}

/** Why the run is not good; empty where it is. `ci`: everything that can be installed is expected to be. */
export function problemsOf(totals: Totals, ci: boolean): string[] {
  const problems: string[] = [];
  if (testsOf(totals) === 0) problems.push("no test was run");
  if (totals.fail > 0) problems.push(`${totals.fail} failed`);
  const avoidable = totals.skips.filter((skip) => !skip.reason.startsWith("kernel: "));
  if (ci && avoidable.length > 0) {
    problems.push(`${avoidable.length} skipped in CI for want of something other than the kernel`);
  }
  return problems;
}

/** The closing lines, in node's TAP form and in words. */
export function formatTotals(totals: Totals): string {
  const { pass, fail, skipped, todo, skips } = totals;
  const lines = skips.map(({ where, reason }) => `skipped: ${where}: ${reason || "no reason given"}`);
  lines.push(`# tests ${testsOf(totals)}`, `# pass ${pass}`, `# fail ${fail}`, `# skipped ${skipped}`);
  if (todo > 0) lines.push(`# todo ${todo}`);
  lines.push(`${pass} passed, ${fail} failed, ${skipped} skipped`);
  return `${lines.join("\n")}\n`;
}

const testsOf = ({ pass, fail, skipped, todo }: Totals): number => pass + fail + skipped + todo;

const isGiven = (mark: string | boolean | undefined): boolean => mark !== undefined && mark !== false;

const whereOf = ({ name, file }: TestOutcome): string =>
  file === undefined ? name : `${relative(process.cwd(), file)}: ${name}`;
