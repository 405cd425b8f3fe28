import { execa } from "execa";
import { ROOT } from "../../../lib/paths.ts";
import { lineReader } from "../../helpers-c/programs.ts";

/** Where the bundled tools lie in the guest; outside it they start by tsx. */
const { GUEST_TOOLS } = process.env;

/** A record of a tool, of which a test knows what it looks for. */
export type Line = Record<string, unknown>;

/** A tool that prints NDJSON. */
export interface Tool {
  /** The next record of this type. */
  next(type: string): Promise<Line>;
  /** Ctrl-C. */
  interrupt(): void;
  /** Its remaining records, and how it ended. */
  end(): Promise<{ records: Line[]; status: number | null; stderr: string }>;
}

export function startTool(name: string, ...args: string[]): Tool {
  const file =
    GUEST_TOOLS === undefined
      ? ["--import", "tsx", `${ROOT}/scripts/${name}.ts`]
      : [`${GUEST_TOOLS}/${name}.mjs`];
  const tool = execa("node", [...file, ...args], {
    cwd: ROOT,
    stdin: "ignore",
    buffer: { stdout: false },
    reject: false,
    timeout: 180_000,
  });
  const line = lineReader(tool.stdout);
  const record = async (): Promise<Line | null> => {
    const text = await line();
    return text === null ? null : JSON.parse(text);
  };
  return {
    async next(type) {
      for (let each = await record(); each !== null; each = await record())
        if (each.type === type) return each;
      throw new Error(`no ${type}: ${(await tool).stderr}`);
    },
    interrupt: () => void tool.kill("SIGINT"),
    async end() {
      const records: Line[] = [];
      for (let each = await record(); each !== null; each = await record()) records.push(each);
      const { exitCode, stderr } = await tool;
      return { records, status: exitCode ?? null, stderr };
    },
  };
}
