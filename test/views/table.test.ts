import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessTypes, FaultRecord, LatencySummary } from "../../lib/metric/record.ts";
import { painter } from "../../lib/term/color.ts";
import { tableView } from "../../lib/views/table.ts";
import { assertGolden } from "../golden.ts";
import { sample, start, summary, T0 } from "../records.ts";

interface Screen {
  timestamp?: boolean;
  limit?: number;
  rows?: number;
  color?: boolean;
}

/** What the table shows of these records. */
function shown(records: readonly FaultRecord[], screen: Screen = {}): string {
  const lines: string[] = [];
  const view = tableView({
    line: (text) => lines.push(text),
    paint: painter(screen.color ? "always" : "never", { isTTY: false, env: {} }),
    rows: () => screen.rows ?? null,
    timestamp: screen.timestamp ?? false,
    limit: screen.limit ?? 20,
  });
  for (const record of records) view.take(record);
  view.end();
  return `${lines.join("\n")}\n`;
}

const none: LatencySummary = { count: 0, p50Ns: null, p90Ns: null, p99Ns: null, maxNs: null };
const minor: LatencySummary = { count: 5120, p50Ns: 704, p90Ns: 1600, p99Ns: 11_294, maxNs: 91_042 };
const major: LatencySummary = {
  count: 7,
  p50Ns: 88_000,
  p90Ns: 2_500_000,
  p99Ns: 2_500_000,
  maxNs: 2_600_000,
};
const types: AccessTypes = {
  read: 1200,
  write: 8800,
  execute: 56,
  copyOnWrite: 200,
  user: 10_000,
  kernel: 256,
};

const rates = [
  sample({ time: T0 + 1, minor: 5120, minorPerSecond: 5120 }),
  sample({ time: T0 + 2, minor: 9, minorPerSecond: 9, rss: 1_288_490_189 }),
  sample({ time: T0 + 3, minor: 5120, major: 7, minorPerSecond: 5120, majorPerSecond: 7, rss: null }),
];

const histogram = [
  { fromNs: 512, toNs: 1024, minor: 4000, major: 0 },
  { fromNs: 1024, toNs: 2048, minor: 1000, major: 0 },
  { fromNs: 2048, toNs: 4096, minor: 0, major: 0 },
  { fromNs: 4096, toNs: 8192, minor: 120, major: 0 },
  { fromNs: 65_536, toNs: 131_072, minor: 0, major: 7 },
];

/** Forty processes in two intervals, each with books. */
const crowd = (): FaultRecord[] => {
  const pids = Array.from({ length: 40 }, (_, i) => 1000 + i);
  const of = (pid: number) => ({
    pid,
    comm: `worker ${pid}`,
    minor: (pid * 37) % 4001,
    major: pid % 9 === 0 ? 1 : 0,
  });
  const samples = [1, 2].flatMap((second) =>
    pids.map((pid) => sample({ ...of(pid), time: T0 + second, minorPerSecond: of(pid).minor })),
  );
  const summaries = pids.map((pid) =>
    summary({
      ...of(pid),
      minor: 2 * of(pid).minor,
      kernelMinor: 2 * of(pid).minor,
      exited: false,
      endedBy: "count",
    }),
  );
  return [start({ target: "all processes", pids: [] }), ...samples, ...summaries];
};

const unknown = {
  failed: null,
  kernelMinor: null,
  kernelMajor: null,
  untraced: null,
  edge: null,
  unexplained: null,
  lost: null,
};

const GOLDEN: Record<string, string> = {
  "exact.txt": shown([start(), ...rates, summary({ failed: 3, untraced: 12, kernelMinor: 10_261 })]),
  "edge.txt": shown([start(), ...rates, summary({ edge: 17, exited: false, endedBy: "interrupt" })]),
  "unexplained.txt": shown([start(), ...rates, summary({ kernelMinor: 10_240, unexplained: 9 })]),
  "unknown.txt": shown([start(), ...rates, summary(unknown)]),
  "nothing.txt": shown([
    start(),
    sample({ minor: 0, minorPerSecond: 0 }),
    summary({
      minor: 0,
      major: 0,
      kernelMinor: 0,
      kernelMajor: 0,
      seconds: 1,
      exited: false,
      endedBy: "count",
    }),
  ]),
  "latency.txt": shown([
    start({ latency: true, types: true }),
    ...rates.map((each) => ({ ...each, latency: { minor, major: each.major > 0 ? major : none } })),
    summary({ latency: { minor, major }, histogram, faultShare: 0.034, types }),
  ]),
  "threads.txt": shown([
    start({ perThread: true, latency: true }),
    ...[42, 43, 44].map((tid) =>
      sample({ tid, comm: `thread ${tid}`, minor: tid, latency: { minor, major: none } }),
    ),
    summary(),
  ]),
  "hostile-name.txt": shown([
    start(),
    sample({ comm: "\u001b[2J\n\u202egnp" }),
    summary({ comm: "\u001b[2J\n\u202egnp" }),
  ]),
  "many.txt": shown(crowd(), { limit: 5 }),
};

for (const [name, text] of Object.entries(GOLDEN)) {
  test(`the table of ${name} is as it was accepted`, () => assertGolden(name, text));

  test(`the table of ${name} stays under 80 columns and without control characters`, () => {
    for (const line of text.split("\n")) {
      assert.ok([...line].length < 80, line);
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
    }
  });
}

const headers = (text: string): number => text.match(/^ *PID +minflt\/s/gm)?.length ?? 0;

test("a terminal gets the header again once a screenful, a file once", () => {
  const long = Array.from({ length: 50 }, (_, i) => sample({ time: T0 + i + 1 }));
  assert.equal(headers(shown([start(), ...long])), 1);
  assert.equal(headers(shown([start(), ...long], { rows: 12 })), 5);
});

test("with -T each row begins with the time of its interval's end", () => {
  const text = shown([start(), ...rates, summary()], { timestamp: true });
  assert.equal(text.match(/^\d\d:\d\d:\d\d +42 /gm)?.length, 4, "three rows and the average");
});

test("a row with major faults stands out in colour, and colour changes no letter", () => {
  const records = [start(), ...rates, summary()];
  const colored = shown(records, { color: true });
  const esc = String.fromCharCode(27);
  assert.equal(colored.split(`${esc}[33m`).length - 1, 1);
  assert.equal(colored.replaceAll(new RegExp(`${esc}\\[\\d+m`, "g"), ""), shown(records));
});

test("of many processes the busiest are shown, in every interval and in the end, and how many are left out", () => {
  const text = shown(crowd(), { limit: 5 });
  const [rows = "", books = ""] = text.split("Average:");
  assert.equal(rows.match(/worker/g)?.length, 10);
  assert.equal(books.match(/worker/g)?.length, 10, "their averages and their books");
  assert.match(text, /^and 35 more processes \(-n shows more\)$/m);
});

test("a run that was cut before its summary shows its rows and nothing that it cannot know", () => {
  const text = shown([start(), ...rates]);
  assert.equal(text.split("\n").length - 1, 4);
  assert.equal(shown([]), "\n");
});
