/** How a guest ended, by the last thing that start.sh says; never by how QEMU ended. */
export type ConsoleEnd = { status: number } | { problem: string; lastLines: string[] };

/** A panic's call trace and what came before it. */
const LAST_LINES = 60;

/** Reads the console of a guest that is off. */
export function endOf(text: string): ConsoleEnd {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
  const status = lines.map((line) => /^guest: ended with status (\d+)$/.exec(line)?.[1]).findLast(Boolean);
  if (status !== undefined) return { status: Number(status) };
  const panic = lines.map((line) => /Kernel panic - not syncing: (.*)/.exec(line)?.[1]).find(Boolean);
  return {
    problem:
      panic === undefined ? "it never reported how its command ended" : `its kernel panicked: ${panic}`,
    lastLines: lines.slice(-LAST_LINES),
  };
}
