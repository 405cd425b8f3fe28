import { execa } from "execa";
import { helperPath, ROOT, workloadPath } from "../../lib/paths.ts";
import { lineReader, start, writable } from "../helpers-c/programs.ts";

/** The worst case: a program that does nothing but touch fresh pages; best round of several. */
const PAGES = "100000";
const ROUNDS = "8";
const WALK = [workloadPath("walk"), PAGES, ROUNDS];

/** Something that watches the walk, and how to run the walk under it. */
export interface Observer {
  name: string;
  /** ns per fault of the walk's best round. */
  run: () => Promise<number>;
}

const nsIn = (text: string): number => {
  const found = /"bestNs":([\d.]+)/.exec(text);
  if (found === null) throw new Error(`the walk said nothing: ${text}`);
  return Number(found[1]);
};

/** pgfaultstat with these options, the walk as its COMMAND. */
const tool = (name: string, ...options: string[]): Observer => ran("pgfaultstat", name, [...options, "1"]);

/** A tool with the walk as its COMMAND. */
function ran(script: string, name: string, options: readonly string[]): Observer {
  const argv = ["--import", "tsx", `${ROOT}/scripts/${script}.ts`, ...options, "--", ...WALK];
  return { name, run: async () => nsIn((await execa("node", argv)).stderr) };
}

/** Another tracer, attached to the held walk; `isReady` recognises the line that says so. */
function attached(
  name: string,
  command: (pid: number) => string[],
  ready: { line: RegExp; waitMs: number },
): Observer {
  return {
    name,
    run: async () => {
      const launcher = start(helperPath("launch"), ["--", ...WALK], 5);
      const report = lineReader(launcher.process.stdio[4]);
      const pid = Number(/^held (\d+)$/.exec((await report()) ?? "")?.[1]);
      const [file = "", ...argv] = command(pid);
      const tracer = execa(file, argv, {
        reject: false,
        all: true,
        buffer: false,
        env: { __BPFTRACE_NOTIFY_PROBES_ATTACHED: "1" },
      });
      await new Promise<void>((resolve) => {
        let text = "";
        tracer.all.on("data", (chunk) => {
          if (text.length < 10_000) text += chunk; // and on to the end, as who reads a pipe must
          if (ready.line.test(text)) resolve();
        });
        setTimeout(resolve, ready.waitMs);
      });
      writable(launcher, 3).write("g");
      const line = await launcher.line();
      await report();
      await report();
      writable(launcher, 3).end();
      await launcher.end;
      // bpftrace may take the first just before it waits, and wait on
      const again = setInterval(() => tracer.kill("SIGINT"), 500);
      tracer.kill("SIGINT");
      await tracer;
      clearInterval(again);
      return nsIn(line ?? "");
    },
  };
}

const ONE_LINER = (pid: number): string =>
  `software:minor-faults:1 /pid == ${pid}/ { @minor = count(); } software:major-faults:1 /pid == ${pid}/ { @major = count(); }`;

const RECORD = ["-q", "-e", "minor-faults,major-faults", "-c", "1", "-d", "-m", "512", "-o", "/dev/null"];

/** It says that it is ready by its first bytes. */
const RECORDING = { line: /./s, waitMs: 10_000 };

const EVENTS = "minor-faults,major-faults,page-faults";

export const OBSERVERS: readonly Observer[] = [
  { name: "nothing", run: async () => nsIn((await execa(WALK[0] ?? "", WALK.slice(1))).stdout) },
  attached("perf stat, three events", (pid) => ["perf", "stat", "-e", EVENTS, "-p", String(pid)], {
    line: /^never$/,
    waitMs: 500,
  }),
  attached("bpftrace one-liner, two probes", (pid) => ["bpftrace", "-e", ONE_LINER(pid)], {
    line: /__BPFTRACE_NOTIFY_PROBES_ATTACHED/,
    waitMs: 10_000,
  }),
  attached("perf record, addresses", (pid) => ["perf", "record", ...RECORD, "-p", String(pid)], {
    line: /^never$/,
    waitMs: 1000,
  }),
  attached("faultrec", (pid) => [helperPath("faultrec"), String(pid)], RECORDING),
  ...["-n", "-L", "-l", "-t", "-l -t"].map((options) =>
    attached(
      `faultrec ${options}`,
      (pid) => [helperPath("faultrec"), ...options.split(" "), String(pid)],
      RECORDING,
    ),
  ),
  tool("pgfaultstat (bpftrace)"),
  tool("pgfaultstat --via counters", "--via", "counters"),
  tool("pgfaultstat --via perf", "--via", "perf"),
  tool("pgfaultstat --via proc", "--via", "proc"),
  tool("pgfaultstat -l", "-l"),
  tool("pgfaultstat -l --types", "-l", "--types"),
  ran("pgfaultmap", "pgfaultmap --via bpftrace", ["--via", "bpftrace"]),
];
