import { helperPath } from "../paths.ts";
import { attempt, reasonOf } from "./attempt.ts";
import { type Check, lacks, works } from "./capability.ts";

/** Written pages told exactly, by asynchronous write-protection: helpers-c/wsscan tries it on itself. */
export const wssWritten: Check = {
  severity: "warn",
  loses: "wss --method written",
  attempt: async () => {
    const tried = await attempt(helperPath("wsscan"), ["-t"]);
    if (!tried.found) return lacks("wsscan is not built", "make -C helpers-c");
    return tried.exitCode === 0
      ? works("userfaultfd WP_ASYNC and PAGEMAP_SCAN tell written pages")
      : lacks(reasonOf("wsscan", tried).replace(/^wsscan: /, ""), null);
  },
};
