import { mkdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { EXIT } from "../lib/cli/error.ts";
import { runTool } from "../lib/cli/run.ts";
import { PGFAULTSTAT } from "../lib/fault/stat/tool.ts";
import { ROOT, workloadPath } from "../lib/paths.ts";

/** `npm start`: the bundled workload, traced for about five seconds; with arguments, pgfaultstat. */
const SECONDS = "5";
const argv = process.argv.slice(2);
const [first] = argv;

if (first === undefined) {
  const page = `${ROOT}/reports/pgfaultstat.html`;
  mkdirSync(`${ROOT}/reports`, { recursive: true });
  process.stderr.write(
    "tracing a bundled workload for five seconds; a process of yours: npm start -- -p PID\n",
  );
  await runTool(PGFAULTSTAT, ["-l", "--types", "--html", page, "1", "--", workloadPath("demo"), SECONDS]);
  if (process.exitCode === EXIT.ok) process.stderr.write(`charts: ${pathToFileURL(page)}\n`);
} else if (/^[0-9.]+$/.test(first)) {
  // npm keeps -p for itself: "npm start -p 7" arrives as "7"
  process.stderr.write(
    `start: '${first}' is no target: npm start -- -p ${first} (npm needs the -- before options)\n`,
  );
  process.exitCode = EXIT.usage;
} else {
  await runTool(PGFAULTSTAT, argv);
}
