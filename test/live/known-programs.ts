import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { lineReader, start, until, writable } from "../helpers-c/programs.ts";
import { PAGE, type Pass } from "./known-set.ts";
import { wait } from "./tool.ts";

/** Of a value of VALUE pages each pass reads the first READ, of which it writes the first WRITTEN. */
export const [VALUE, READ, WRITTEN] = [16384, 6000, 4000];
const PERIOD_MS = 20;

/** A real program with one large value in its memory, a part of which it touches again and again. */
export interface KnownProgram {
  pid: number;
  /** Touches the part from now on; until then it does the same with one page of it. */
  touch(): void;
  /** Those that touched the whole part. */
  passes: Pass[];
}

const now = (): number => Number(process.hrtime.bigint());

/** redis-server with a string of 64 MiB: SETRANGE writes a byte of each page, BITCOUNT reads the bytes of a range. */
export async function knownRedis(t: TestContext): Promise<KnownProgram> {
  const directory = mkdtempSync(join(tmpdir(), "redis-"));
  const path = join(directory, "socket");
  const options = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", directory];
  const server = start("redis-server", options);
  let over = false;
  t.after(async () => {
    over = true;
    server.process.kill("SIGKILL");
    await server.end;
    rmSync(directory, { recursive: true });
  });
  await until("redis-server listens", () => existsSync(path) || server.process.exitCode !== null);
  const socket = connect(path);
  socket.on("error", () => undefined); // the server has ended: there is no answer
  const answer = lineReader(socket);
  /** The integers that the commands are answered with. */
  const ask = async (commands: readonly string[]): Promise<number[]> => {
    socket.write(commands.map((command) => `${command}\r\n`).join(""));
    const answers: number[] = [];
    while (answers.length < commands.length) {
      const line = await answer();
      if (!line?.startsWith(":")) throw new Error(`redis-server: ${line}`);
      answers.push(Number(line.slice(1)));
    }
    return answers;
  };
  await ask([`SETRANGE value ${VALUE * PAGE - 1} x`]);
  const pass = async (written: number, read: number): Promise<void> => {
    const writes = Array.from({ length: written }, (_, page) => `SETRANGE value ${page * PAGE} a`);
    const answers = await ask([...writes, `BITCOUNT value 0 ${read * PAGE - 1}`]);
    if (answers.at(-1) !== 3 * written) throw new Error(`its memory was harmed: ${answers.at(-1)} bits`); // of an "a"
  };
  return repeat(server.pid, pass, () => over);
}

/** Does passes until it is over. */
function repeat(
  pid: number,
  pass: (written: number, read: number) => Promise<void>,
  isOver: () => boolean,
): KnownProgram {
  const passes: Pass[] = [];
  let touches = false;
  const work = async (): Promise<void> => {
    while (!isOver()) {
      const whole = touches;
      const beginNs = now();
      await pass(whole ? WRITTEN : 1, whole ? READ : 1);
      if (whole) passes.push({ beginNs, endNs: now() });
      await wait(PERIOD_MS);
    }
  };
  void work().catch((error) => {
    if (!isOver()) throw error;
  });
  return { pid, touch: () => (touches = true), passes };
}

const PYTHON = `
import select, sys, time
value = bytearray(${VALUE * PAGE})
written, read, n = 1, 1, 0
print("ready", flush=True)
while True:
    if read == 1 and select.select([sys.stdin], [], [], 0)[0]:
        written, read = ${WRITTEN}, ${READ}
    begin = time.monotonic_ns()
    n = n % 200 + 1
    value[0 : written * ${PAGE} : ${PAGE}] = bytes([n]) * written
    assert sum(value[0 : read * ${PAGE} : ${PAGE}]) == n * written
    if read > 1: print(begin, time.monotonic_ns(), flush=True)
    time.sleep(${PERIOD_MS / 1000})
`;

/** python3 with a bytearray of 64 MiB. */
export async function knownPython(t: TestContext): Promise<KnownProgram> {
  const program = start("/usr/bin/python3", ["-c", PYTHON]);
  t.after(() => program.process.kill("SIGKILL"));
  if ((await program.line()) !== "ready") throw new Error((await program.end).stderr);
  const passes: Pass[] = [];
  void (async () => {
    for (let line = await program.line(); line !== null; line = await program.line()) {
      const [beginNs = 0, endNs = 0] = line.split(" ").map(Number);
      passes.push({ beginNs, endNs });
    }
  })();
  return { pid: program.pid, touch: () => void writable(program, 0).write("\n"), passes };
}
