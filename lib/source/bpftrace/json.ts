/**
 * One line of `bpftrace -f json`. Versions differ in small ways (docs/sources.md): blank lines, a
 * count beside data, integers as strings, scalars or keys. Everything else is `other`.
 * Format: bpftrace src/output.cpp (0.17), src/output/json.cpp (0.26).
 */
export type BpftraceLine =
  | { type: "map"; name: string; entries: Map<string, number | string> }
  | { type: "printf"; text: string }
  | { type: "lost"; events: number }
  | { type: "error"; text: string }
  | { type: "other" };

const OTHER: BpftraceLine = { type: "other" };

export function parseBpftraceLine(line: string): BpftraceLine {
  if (!line.startsWith("{")) return OTHER;
  const message = parseObject(line);
  if (message === null) return OTHER;
  const { type, data } = message;
  switch (type) {
    case "printf":
      return typeof data === "string" ? { type: "printf", text: data } : OTHER;
    case "map":
      return parseMap(data);
    case "lost_events":
      return parseLost(isObject(data) ? data.events : message.count);
    case "helper_error":
    case "runtime_error":
      return { type: "error", text: JSON.stringify(data ?? message) };
    default:
      return OTHER;
  }
}

/** {"@minor": {"42": 17}}, {"@minor": {"42,43": 17}} or, for a map without keys, {"@timed": 17}. */
function parseMap(data: unknown): BpftraceLine {
  if (!isObject(data)) return OTHER;
  const [first] = Object.entries(data);
  if (first === undefined) return OTHER;
  const [name, value] = first;
  const entries = new Map<string, number | string>();
  for (const [key, each] of isObject(value) ? Object.entries(value) : [["", value] as const]) {
    if (typeof each === "number") entries.set(key, each);
    else if (typeof each === "string") entries.set(key, each);
  }
  return { type: "map", name, entries };
}

/** {"data": {"events": 12}} in 0.17, {"count": 12} later. */
const parseLost = (events: unknown): BpftraceLine =>
  typeof events === "number" ? { type: "lost", events } : OTHER;

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(withBytes(line));
    return isObject(value) ? value : null;
  } catch {
    return null; // a line cut by the death of bpftrace
  }
}

/**
 * bpftrace escapes a byte above 127 as the negative number that its char is: "\\uffffffc3\\uffffffbc" is
 * the UTF-8 of "ü". An escaped backslash before "uffffffc3" is none of these, hence the first alternative.
 */
const withBytes = (line: string): string =>
  line.replace(/\\\\|(?:\\uffffff[89a-f][0-9a-f])+/g, (run) =>
    run === "\\\\" ? run : Buffer.from(run.replaceAll("\\uffffff", ""), "hex").toString("utf8"),
  );

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
