import { type Check, lacks, works } from "./capability.ts";
import { startAsRoot } from "./fix.ts";
import { refusalOf } from "./trial.ts";

/** A method of wss, as its helper's own trial finds it (option -t). */
const method = (helper: string, name: string, success: string): Check => ({
  severity: "warn",
  loses: `wss --method ${name}; other methods remain`,
  attempt: async () => {
    const refusal = await refusalOf(helper);
    return refusal === null ? works(success) : lacks(refusal, startAsRoot());
  },
});

export const pageIdle = method("wssidle", "idle", "a page takes an idle mark");
export const softDirty = method("wssdirty", "softdirty", "a written page is told from one that was not");
export const damonVaddr = method("wssdamon", "damon", "DAMON can look at processes, and nobody uses it");
