/**
 * `npm run bench -- [SUITE [ARGUMENT...]]`: what the tools cost and how exact they are, measured on this machine.
 *
 *   watch [ROUNDS [PATTERN]]   what it costs a program to be watched, beside perf and bpftrace
 *   map                        pgfaultmap at the highest rate, its memory, and reading recordings
 *   pattern [MILLIONS [ROUNDS]]   the pattern verdict alone
 *   wss [KIND]                 the error of each method of wss on known sets, and what it costs
 *
 * Without a name all of them, one after another. Nothing else should run meanwhile.
 */
import { make } from "../helpers-c/programs.ts";

type Suite = (args: readonly string[]) => Promise<void>;

const SUITES: Record<string, () => Promise<{ run: Suite }>> = {
  watch: () => import("./watch.ts"),
  map: () => import("./map.ts"),
  pattern: () => import("./pattern.ts"),
  wss: () => import("./wss.ts"),
};

const [asked, ...args] = process.argv.slice(2);
const names = asked === undefined ? Object.keys(SUITES) : [asked];
await make();
for (const name of names) {
  const suite = SUITES[name];
  if (suite === undefined) {
    process.stderr.write(`bench: no suite '${name}': ${Object.keys(SUITES).join(", ")}\n`);
    process.exit(2);
  }
  await (await suite()).run(args);
}
