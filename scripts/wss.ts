import { runTool } from "../lib/cli/run.ts";
import { WSS } from "../lib/wss/tool.ts";

await runTool(WSS);
