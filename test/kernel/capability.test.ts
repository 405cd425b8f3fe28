import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { reasonOf } from "../../lib/kernel/attempt.ts";
import { capability } from "../../lib/kernel/capabilities.ts";
import { type Capability, lacks, runCheck, works } from "../../lib/kernel/capability.ts";
import { formatCapabilities } from "../../lib/kernel/format.ts";
import { isRecent } from "../../lib/kernel/node.ts";
import { tracingCapabilities } from "../../lib/kernel/privilege.ts";
import { type ColorChoice, painter } from "../../lib/term/color.ts";

test("a check that works loses nothing and needs no fix", async () => {
  const found = await runCheck("x", { severity: "fail", loses: "all", attempt: () => works("there") });
  assert.deepEqual(found, { name: "x", status: "ok", detail: "there", loses: null, fix: null });
});

test("a check that crashes becomes its own severity, with the message", async () => {
  const attempt = () => Promise.reject(new Error("boom"));
  const found = await runCheck("x", { severity: "fail", loses: "all", attempt });
  assert.deepEqual([found.status, found.loses, found.fix], ["fail", "all", null]);
  assert.match(found.detail, /boom/);
});

test("a finding may lose less than its check usually does", async () => {
  const attempt = () => lacks("half", "type this", { severity: "warn", loses: "some" });
  const found = await runCheck("x", { severity: "fail", loses: "all", attempt });
  assert.deepEqual(found, { name: "x", status: "warn", detail: "half", loses: "some", fix: "type this" });
});

test("a single capability can be asked for by its name", async () => {
  assert.deepEqual(await capability("node"), {
    name: "node",
    status: "ok",
    detail: process.version,
    loses: null,
    fix: null,
  });
});

test("Node 20.12 is recent enough, 20.11 and 18.99 are not", () => {
  assert.deepEqual(["20.12.0", "22.0.0", "20.11.1", "18.99.0"].map(isRecent), [true, true, false, false]);
});

test("effective capabilities are read from bits 21, 38 and 39 of CapEff", () => {
  const of = (bits: string) => tracingCapabilities(`CapPrm:\t000001ffffffffff\nCapEff:\t${bits}\n`);
  assert.deepEqual(of("0000000000000000"), []);
  assert.deepEqual(of("0000004000000000"), ["CAP_PERFMON"]);
  assert.deepEqual(of("000000c000000000"), ["CAP_PERFMON", "CAP_BPF"]);
  assert.deepEqual(of("0000000000200000"), ["CAP_SYS_ADMIN"]);
});

test("bpftrace's remark about RLIMIT_MEMLOCK is not taken for the reason of a failure", () => {
  // bpftrace 0.17, Linux 6.18 without kprobes
  const output = [
    `ERROR: Unknown error -1: couldn't set RLIMIT_MEMLOCK for bpftrace. If your program is not loading, you can try "ulimit -l 8192" to fix the problem`,
    "create_probe_event: open(/sys/kernel/tracing/kprobe_events): No such file or directory",
    "ERROR: Error attaching probe: 'kprobe:handle_mm_fault'",
  ].join("\n");
  const reason = reasonOf("bpftrace", { found: true, exitCode: 255, timedOut: false, output });
  assert.equal(reason, "Error attaching probe: 'kprobe:handle_mm_fault'");
});

const paint = (choice: ColorChoice) => painter(choice, { isTTY: false, env: {} });

const SOME: Capability[] = [
  { name: "good", status: "ok", detail: "there", loses: null, fix: null },
  {
    name: "half-there",
    status: "warn",
    detail: `${"word ".repeat(30)}end`,
    loses: "much ".repeat(20),
    fix: "sudo x",
  },
  { name: "bad", status: "fail", detail: "/".repeat(200), loses: "all", fix: null },
];

test("the table wraps below 80 columns, marks every line by its status, and indents the fix", () => {
  const lines = formatCapabilities(SOME, paint("never")).split("\n");
  for (const line of lines) assert.ok(line.length < 80, line);
  assert.equal(lines[0], "✓ good        there");
  assert.ok(lines.some((line) => line.startsWith("! half-there  word word")));
  assert.ok(lines.some((line) => line.startsWith("✗ bad         ///")));
  assert.ok(lines.includes("    fix: sudo x"));
  assert.ok(lines.includes("1 work, 1 with a loss, 1 failed"));
});

test("colour changes nothing but the marks", () => {
  const plain = formatCapabilities(SOME, paint("never"));
  const colored = formatCapabilities(SOME, paint("always"));
  assert.ok(colored.startsWith("\x1b[32m✓\x1b[39m good"));
  assert.equal(stripVTControlCharacters(colored), plain);
});
