/** A page and how often it faulted, in the map that it was printed from. */
export interface PageLine {
  type: "page";
  map: string;
  /** "1234, 1, 34093433, 0": as long as the map is not cleared, the same key is the same count. */
  key: string;
  pid: number;
  /** Grows with each exec of the process. */
  exec: number;
  /** Address / 4096. */
  page: number;
  major: boolean;
  times: number;
}

/** One line of bt/pages.bt. Times are ns of CLOCK_MONOTONIC. */
export type PagesLine =
  | PageLine
  /** All pages of this step have been printed. `from` is 0 for the first. */
  | { type: "step"; from: number; to: number }
  | { type: "fork"; pid: number; child: number; exec: number }
  | { type: "exec"; pid: number; exec: number; comm: string }
  | { type: "exit"; pid: number }
  /** A map without keys: printed at the end. */
  | { type: "scalar"; name: string; value: number }
  | { type: "other" };

const OTHER: PagesLine = { type: "other" };

const PAGE = /^(@odd|@even)\[((\d+), (\d+), (\d+), ([01]))\]: (\d+)$/;
const SCALAR = /^(@\w+): (\d+)$/;
const STEP = /^step (\d+) (\d+)$/;
const FORK = /^fork (\d+) (\d+) (\d+)$/;
const EXEC = /^exec (\d+) (\d+) (.*)$/;
const EXIT = /^exit (\d+)$/;

/** Text as bpftrace prints it in all versions from 0.17 on (src/output.cpp); what it is not is `other`. */
export function parsePagesLine(line: string): PagesLine {
  let found = PAGE.exec(line);
  if (found !== null) {
    const [, map = "", key = "", pid, exec, page, major, times] = found;
    return {
      ...{ type: "page", map, key, pid: Number(pid), exec: Number(exec), page: Number(page) },
      ...{ major: major === "1", times: Number(times) },
    };
  }
  found = STEP.exec(line);
  if (found !== null) return { type: "step", from: Number(found[1]), to: Number(found[2]) };
  found = FORK.exec(line);
  if (found !== null)
    return { type: "fork", pid: Number(found[1]), child: Number(found[2]), exec: Number(found[3]) };
  found = EXEC.exec(line);
  if (found !== null)
    return { type: "exec", pid: Number(found[1]), exec: Number(found[2]), comm: nameOf(found[3] ?? "") };
  found = EXIT.exec(line);
  if (found !== null) return { type: "exit", pid: Number(found[1]) };
  found = SCALAR.exec(line);
  if (found !== null) return { type: "scalar", name: found[1] ?? "", value: Number(found[2]) };
  return OTHER;
}

/** A name as bpftrace prints bytes: \x0a for one that is not to be printed; the first NUL ends it. */
function nameOf(text: string): string {
  const [name = ""] = text.split("\\x00");
  const bytes = name.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString();
}
