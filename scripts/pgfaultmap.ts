import { runTool } from "../lib/cli/run.ts";
import { PGFAULTMAP } from "../lib/fault/map/tool.ts";

await runTool(PGFAULTMAP);
