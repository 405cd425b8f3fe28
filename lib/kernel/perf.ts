import { existsSync, readFileSync } from "node:fs";
import { execa } from "execa";
import { helperPath } from "../paths.ts";
import { attempt, LIMIT_MS, reasonOf } from "./attempt.ts";
import { type Check, lacks, works } from "./capability.ts";
import { asRoot, install, isRoot, startAsRoot } from "./fix.ts";

const PARANOID = "/proc/sys/kernel/perf_event_paranoid";

export const perf: Check = {
  severity: "warn",
  loses: "--via perf, pgfaultmap --from",
  attempt: async () => {
    const tried = await attempt("perf", ["stat", "-x,", "-e", "minor-faults", "--", "true"]);
    if (!tried.found) return lacks("perf not found", install("linux-perf"));
    const count = /^(\d+),,minor-faults/m.exec(tried.output)?.[1];
    if (count === undefined || count === "0") return lacks(reasonOf("perf", tried), startAsRoot());
    const { output } = await attempt("perf", ["--version"]);
    return works(
      `${output.replace("perf version ", "v").trim()}, perf stat counts (${count} faults of "true")`,
    );
  },
};

/** perf then leaves out the kernel's part by itself, and says so only in the names of its events ("minor-faults:u"). */
export function countsUserModeOnly(): boolean {
  return !isRoot() && Number(readFileSync(PARANOID, "utf8")) > 1;
}

/** perf_event_open(2) on another process, as --via counters does it: with helpers-c/faultcount. */
export const perfEvents: Check = {
  severity: "warn",
  loses: "--via counters, perf; failed faults beside bpftrace's counts",
  attempt: async () => {
    const level = `perf_event_paranoid ${existsSync(PARANOID) ? readFileSync(PARANOID, "utf8").trim() : "missing"}`;
    const helper = helperPath("faultcount");
    if (!existsSync(helper)) return lacks("not tried: build/faultcount is not built", "make -C helpers-c");
    if ((await countsFaultsOf(helper, 1)) === null) return works(`open for every process (${level})`);
    const refused = await countsFaultsOf(helper, process.pid);
    if (refused === null) {
      const loses = "--via counters, perf on processes of other users";
      return lacks(`open for own processes only (${level})`, startAsRoot(), { loses });
    }
    return lacks(`${refused} (${level})`, isRoot() ? null : asRoot("sysctl kernel.perf_event_paranoid=1"));
  },
};

/** null when the events attach, else what the helper says. */
async function countsFaultsOf(helper: string, pid: number): Promise<string | null> {
  const child = execa(helper, [String(pid)], {
    stdin: "ignore",
    reject: false,
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
    env: { LC_ALL: "C" },
  });
  child.stdout.once("data", () => child.kill("SIGTERM"));
  const { stdout, stderr, shortMessage } = await child;
  return stdout.startsWith("ready") ? null : stderr.split("\n")[0] || shortMessage || "no answer";
}
