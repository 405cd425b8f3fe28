import { execa } from "execa";
import { lineReader, rest, start, writable } from "./programs.ts";

/** Faults that perf counted: the software events of the same names, entries being page-faults. */
export interface Traced {
  minor: number;
  major: number;
  entries: number;
}

/** Why perf cannot count here; null if it can. */
export async function perfIsMissing(): Promise<string | null> {
  const { failed, stderr, shortMessage } = await execa("perf", ["stat", "-e", "minor-faults", "true"], {
    reject: false,
  });
  return failed
    ? `needs: perf stat, which does not work here: ${stderr?.split("\n")[0] || shortMessage}`
    : null;
}

/**
 * Counts a process with `perf stat`, independent of all our own code. Both the start and the stop
 * are acknowledged by perf (--control), so that idle edges make the counts exact.
 */
export async function countFaults(pid: number): Promise<{ stop(): Promise<Traced> }> {
  const events = ["minor-faults", "major-faults", "page-faults"];
  const control = ["-D", "-1", "--control", "fd:3,4"];
  const perf = start(
    "perf",
    ["stat", "-x,", "--log-fd", "1", ...control, "-e", events.join(), "-p", String(pid)],
    5,
  );
  const acknowledged = lineReader(perf.process.stdio[4]);
  const command = async (text: string): Promise<void> => {
    writable(perf, 3).write(`${text}\n`);
    if ((await acknowledged()) === null) throw new Error(`perf ended: ${(await perf.end).stderr}`);
  };
  await command("enable");
  return {
    async stop() {
      await command("disable");
      perf.process.kill("SIGINT");
      const counts = new Map(
        (await rest(perf)).map((line) => [line.split(",")[2], Number(line.split(",")[0])]),
      );
      // an event that never ran is "<not counted>": none of a software event is 0
      const count = (event: string): number => counts.get(event) || 0;
      return { minor: count("minor-faults"), major: count("major-faults"), entries: count("page-faults") };
    },
  };
}
