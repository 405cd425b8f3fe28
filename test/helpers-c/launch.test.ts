import assert from "node:assert/strict";
import { before, test } from "node:test";
import { helperPath, workloadPath } from "../../lib/paths.ts";
import { isDead, readPidStat } from "../../lib/procfs/pid-stat.ts";
import { Queue } from "../../lib/subprocess/queue.ts";
import { lineReader, make, type Program, rest, start, until, writable } from "./programs.ts";

const launcher = helperPath("launch");

before(() => make("launch", "threads"));

interface Launched extends Program {
  /** The process of COMMAND. */
  command: number;
  report(): Promise<string | null>;
  go(): void;
  /** Closes both pipes, as the death of the tool does. */
  abandon(): void;
}

async function launch(...command: string[]): Promise<Launched> {
  return held(start(launcher, ["--", ...command], 5));
}

/** Reads the reports as they come, and lets COMMAND be reaped once its end is reported. */
async function held(program: Program): Promise<Launched> {
  const next = lineReader(program.process.stdio[4]);
  const control = writable(program, 3);
  const reports = new Queue<string>();
  const pump = async (): Promise<void> => {
    for (let line = await next(); line !== null; line = await next()) {
      reports.push(line);
      if (line.startsWith("ended ")) control.end();
    }
    reports.close();
  };
  void pump();
  const lines = reports[Symbol.asyncIterator]();
  const report = async (): Promise<string | null> => {
    const line = await lines.next();
    return line.done === true ? null : line.value;
  };
  const [word, pid] = (await report())?.split(" ") ?? [];
  assert.equal(word, "held");
  const abandon = (): void => {
    control.destroy();
    writable(program, 4).destroy();
  };
  return { ...program, command: Number(pid), report, go: () => control.write("g"), abandon };
}

async function run(
  ...command: string[]
): Promise<{ reports: string[]; output: string[]; code: number | null }> {
  const launched = await launch(...command);
  launched.go();
  const reports: string[] = [];
  for (let line = await launched.report(); line !== null; line = await launched.report()) reports.push(line);
  return { reports, output: await rest(launched), code: (await launched.end).code };
}

function faultsOf(pid: number): { minor: number; major: number } {
  const stat = readPidStat(pid);
  assert.ok(stat, `process ${pid} has gone`);
  return { minor: stat.minor, major: stat.major };
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

test("COMMAND is held before its first instruction and takes no fault until it may go", async () => {
  const launched = await launch("echo", "started");
  const early = faultsOf(launched.command);
  await pause(100);
  assert.deepEqual(faultsOf(launched.command), early);
  assert.equal(readPidStat(launched.command)?.comm, "launch");
  assert.equal(readPidStat(launched.command)?.state, "S");
  launched.go();
  assert.equal(await launched.report(), "running");
  assert.equal(await launched.line(), "started");
  assert.match((await launched.report()) ?? "", /^ended 0 \d+ \d+ \d+ \d+$/);
  assert.equal((await launched.end).code, 0);
});

test("COMMAND is never started when the control pipe ends before it may go", async () => {
  const launched = await launch("echo", "started");
  launched.abandon();
  assert.deepEqual(await rest(launched), []);
  assert.equal((await launched.end).code, 1);
  assert.equal(readPidStat(launched.command), null);
});

test("SIGTERM ends a held COMMAND unstarted", async () => {
  const launched = await launch("echo", "started");
  launched.process.kill("SIGTERM");
  assert.deepEqual(await rest(launched), []);
  assert.equal((await launched.end).code, 143);
  assert.equal(readPidStat(launched.command), null);
});

test("a held COMMAND ends unstarted when the launcher is killed", async () => {
  const launched = await launch("echo", "started");
  launched.process.kill("SIGKILL");
  assert.deepEqual(await rest(launched), []);
  await until("the held process is gone", () => {
    const stat = readPidStat(launched.command);
    return stat === null || isDead(stat);
  });
});

test("COMMAND's exit status, or 128 + its signal, is reported and becomes the launcher's", async () => {
  const failed = await run("sh", "-c", "exit 7");
  assert.match(failed.reports.join("\n"), /^running\nended 7 \d+ \d+ \d+ \d+$/);
  assert.equal(failed.code, 7);
  const killed = await run("sh", "-c", "kill -KILL $$");
  assert.match(killed.reports.join("\n"), /^running\nended 137 \d+ \d+ \d+ \d+$/);
  assert.equal(killed.code, 137);
});

test("a COMMAND that cannot be executed is an error with its number, not an end", async () => {
  const missing = await run("/no/such/program");
  assert.deepEqual(missing.reports, ["error 2 No such file or directory"]);
  assert.equal(missing.code, 127);
  const directory = await run("/etc");
  assert.deepEqual(directory.reports, ["error 13 Permission denied"]);
  assert.equal(directory.code, 126);
});

test("the closing reading is the kernel's last one, with the faults of threads that have ended", async () => {
  const launched = await launch(workloadPath("threads"), "-w", "7", "211");
  launched.go();
  assert.equal(await launched.report(), "running");
  const ready = await launched.line();
  assert.match(ready ?? "", /"state":"ready"/);
  const early = faultsOf(launched.command);
  writable(launched, 0).write("x");
  assert.equal(await launched.line(), '{"state":"done"}');
  const late = faultsOf(launched.command);
  assert.equal(late.minor - early.minor, 7 * 211);
  process.kill(launched.command, "SIGKILL"); // idle now: no fault can follow
  const report = await launched.report();
  assert.match(report ?? "", new RegExp(`^ended 137 ${late.minor} ${late.major} \\d+ \\d+$`));
  assert.equal((await launched.end).code, 137);
});

test("COMMAND stays a zombie, with its counters, until the control pipe has ended", async () => {
  const program = start(launcher, ["--", "true"], 5);
  const report = lineReader(program.process.stdio[4]);
  const pid = Number((await report())?.split(" ")[1]);
  writable(program, 3).write("g");
  assert.equal(await report(), "running");
  const [, , minor, major] = (await report())?.split(" ") ?? [];
  await pause(100);
  const zombie = readPidStat(pid);
  assert.ok(zombie && isDead(zombie));
  assert.deepEqual([zombie.minor, zombie.major], [Number(minor), Number(major)]);
  writable(program, 3).end();
  assert.equal((await program.end).code, 0);
  assert.equal(readPidStat(pid), null);
});

test("no descriptor of the launcher reaches COMMAND", async () => {
  const direct = await rest(start("ls", ["/proc/self/fd"]));
  const { output } = await run("ls", "/proc/self/fd");
  assert.deepEqual(output, direct);
});

test("COMMAND gets the signals as they were, an inherited SIG_IGN included", async () => {
  const lines = ["grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"];
  for (const trap of ["", 'trap "" INT HUP QUIT; ']) {
    const direct = await rest(start("sh", ["-c", `${trap}exec "$@"`, "sh", ...lines]));
    const program = await held(start("sh", ["-c", `${trap}exec "$@"`, "sh", launcher, "--", ...lines], 5));
    program.go();
    assert.deepEqual(await rest(program), direct);
    assert.equal(direct.length, 3);
  }
});

test("SIGINT leaves the launcher waiting, SIGTERM is passed on: COMMAND decides", async () => {
  const launched = await launch(
    "sh",
    "-c",
    'trap "echo term; exit 3" TERM; echo ready; while :; do sleep 0.05; done',
  );
  launched.go();
  assert.equal(await launched.line(), "ready");
  launched.process.kill("SIGINT");
  launched.process.kill("SIGTERM");
  assert.deepEqual(await rest(launched), ["term"]);
  assert.equal((await launched.end).code, 3);
});

test("a running COMMAND goes on when the tool is gone, and is still waited for", async () => {
  const launched = await launch("sh", "-c", "read line; echo $line; exit 5");
  launched.go();
  assert.equal(await launched.report(), "running");
  launched.abandon();
  await pause(50);
  writable(launched, 0).write("alive\n");
  assert.deepEqual(await rest(launched), ["alive"]);
  assert.equal((await launched.end).code, 5);
});

test("a stopped COMMAND has not ended", async () => {
  const launched = await launch("sh", "-c", "kill -STOP $$; exit 4");
  launched.go();
  assert.equal(await launched.report(), "running");
  await until("it is stopped", () => readPidStat(launched.command)?.state === "T");
  await pause(50);
  assert.equal(launched.process.exitCode, null);
  process.kill(launched.command, "SIGCONT");
  assert.match((await launched.report()) ?? "", /^ended 4 /);
});

test("a COMMAND killed while it is held is reported as ended", async () => {
  const launched = await launch("echo", "started");
  process.kill(launched.command, "SIGKILL");
  const reports = [await launched.report(), await launched.report()];
  assert.match(reports.join("\n"), /ended 137 \d+ \d+ \d+ \d+/);
  assert.deepEqual(await rest(launched), []);
});

test("without descriptors 3 and 4 the launcher says what it misses", async () => {
  const end = await start(launcher, ["--", "true"]).end;
  assert.equal(end.code, 2);
  assert.match(end.stderr, /^launch: file descriptors 3 and 4 must be open/);
});
