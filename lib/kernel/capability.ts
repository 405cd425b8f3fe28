import { messageOf } from "../cli/error.ts";

/** One thing that this machine offers or not, found by trying. */
export interface Capability {
  name: string;
  /** fail: the tools cannot work at all without it; warn: something is lost, and `loses` names it. */
  status: "ok" | "warn" | "fail";
  /** What was found, in words. */
  detail: string;
  /** What the user does without; null when ok. */
  loses: string | null;
  /** A command to type; null when ok, and where no command helps (the kernel was built without it). */
  fix: string | null;
}

/** What a check finds. `severity` and `loses` stand in for the check's own where less is lost than usual. */
export type Finding =
  | { works: true; detail: string }
  | { works: false; detail: string; fix: string | null; severity?: "warn" | "fail"; loses?: string };

export interface Check {
  severity: "warn" | "fail";
  loses: string;
  attempt(): Finding | Promise<Finding>;
}

export const works = (detail: string): Finding => ({ works: true, detail });

export const lacks = (
  detail: string,
  fix: string | null,
  less: { severity?: "warn" | "fail"; loses?: string } = {},
): Finding => ({ works: false, detail, fix, ...less });

/** Runs a check. One that itself crashes has not found what it looked for, and says why. */
export async function runCheck(name: string, check: Check): Promise<Capability> {
  let finding: Finding;
  try {
    finding = await check.attempt();
  } catch (error) {
    finding = lacks(`the check itself failed: ${messageOf(error)}`, null);
  }
  if (finding.works) return { name, status: "ok", detail: finding.detail, loses: null, fix: null };
  return {
    name,
    status: finding.severity ?? check.severity,
    detail: finding.detail,
    loses: finding.loses ?? check.loses,
    fix: finding.fix,
  };
}
