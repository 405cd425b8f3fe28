import { runTool } from "../lib/cli/run.ts";
import { PGFAULTSTAT } from "../lib/fault/stat/tool.ts";

await runTool(PGFAULTSTAT);
