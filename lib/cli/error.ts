/** Exit statuses of every tool (docs/output.md). */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  prerequisite: 3,
  notExecutable: 126,
  notFound: 127,
} as const;

/**
 * What the user did or what is missing: shown as one line, without a stack.
 * Anything else that is thrown is a bug and shows where it happened.
 */
export class UserError extends Error {
  readonly exitStatus: number;

  constructor(message: string, exitStatus: number = EXIT.usage) {
    super(message);
    this.name = "UserError";
    this.exitStatus = exitStatus;
  }
}

/** The text of something thrown, whatever it is. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The errno name of a system error ("ENOENT"), or null. */
export function errnoOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
