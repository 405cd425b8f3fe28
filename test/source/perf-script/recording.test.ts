import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { execa } from "execa";
import { UserError } from "../../../lib/cli/error.ts";
import { findCut } from "../../../lib/source/perf-script/container.ts";
import { examineRecording } from "../../../lib/source/perf-script/recording.ts";
import { perfIsMissing } from "../../helpers-c/perf.ts";

const directory = mkdtempSync(join(tmpdir(), "recording-"));
const at = (name: string): string => join(directory, name);
let noPerf: string | null;
before(async () => {
  noPerf = await perfIsMissing();
});
after(() => rmSync(directory, { recursive: true }));

const record = (name: string, ...options: string[]) =>
  execa("perf", ["record", ...options, "-o", at(name), "--", "true"]);

function needsPerf(t: TestContext): boolean {
  if (noPerf !== null) t.skip(noPerf);
  return noPerf === null;
}

test("a recording as it should be: minor and major faults, the instruction, page sizes where they were asked for", async (t) => {
  if (!needsPerf(t)) return;
  const right = ["-e", "minor-faults", "-e", "major-faults", "-c", "1", "-d"];
  for (const [physical, more] of [
    [false, []],
    [true, ["--phys-data", "--data-page-size"]],
  ] as const) {
    await record("perf.data", ...right, ...more);
    const { format, degraded, cut } = await examineRecording(at("perf.data"));
    assert.deepEqual([...format.events.values()], ["minor", "major"]);
    assert.deepEqual(format.fields, { ip: true, physical, chain: false });
    assert.deepEqual([degraded, cut], [[], null]);
  }
});

test("what is no count says so: samples, one kind only, page-faults, user mode", async (t) => {
  if (!needsPerf(t)) return;
  for (const [options, degraded] of [
    [
      ["-e", "minor-faults,major-faults", "-F", "99"],
      [
        "minor-faults was sampled at 99 Hz: counts are samples",
        "major-faults was sampled at 99 Hz: counts are samples",
      ],
    ],
    [["-e", "major-faults", "-c", "1"], ["minor faults were not recorded"]],
    [
      ["-e", "page-faults:u", "-c", "2"],
      [
        "page-faults were recorded: minor and major cannot be told apart, all count as minor, failed ones too",
        "page-faults:u was sampled, one in 2: counts are samples",
        "faults in kernel mode were not recorded",
      ],
    ],
    [["-e", "page-faults,minor-faults,major-faults", "-c", "1"], []],
  ] as const) {
    await record("odd.data", ...options, "-d");
    assert.deepEqual((await examineRecording(at("odd.data"))).degraded, degraded);
  }
});

test("where completed faults are recorded, those that only begin do not count twice", async (t) => {
  if (!needsPerf(t)) return;
  await record("three.data", "-e", "page-faults,minor-faults,major-faults", "-c", "1", "-d");
  const { format } = await examineRecording(at("three.data"));
  assert.deepEqual(
    [...format.events],
    [
      ["page-faults", "other"],
      ["minor-faults", "minor"],
      ["major-faults", "major"],
    ],
  );
});

test("files that are no such recording are refused, each for its reason", async (t) => {
  if (!needsPerf(t)) return;
  await record("no-addresses", "-e", "minor-faults", "-c", "1");
  await record("no-faults", "-e", "cpu-clock", "-d");
  writeFileSync(at("empty"), "");
  copyFileSync("/bin/true", at("foreign"));
  writeFileSync(at("head"), "PERFILE2");
  const how = "record with perf record -e minor-faults,major-faults -c 1 -d";
  for (const [name, message] of [
    ["missing", `cannot open '${at("missing")}': no such file`],
    ["", `cannot read '${at("")}': it is a directory`],
    ["/dev/null", "cannot read '/dev/null': it is no regular file"],
    ["empty", `cannot read '${at("empty")}': it is empty`],
    ["foreign", `cannot read '${at("foreign")}': it is no recording of perf`],
    ["head", `cannot read '${at("head")}': it is no recording of perf`],
    ["no-addresses", `cannot read '${at("no-addresses")}': it has no addresses: ${how}`],
    ["no-faults", `cannot read '${at("no-faults")}': it has no page faults, but cpu-clock: ${how}`],
  ] as const) {
    await assert.rejects(
      examineRecording(name.startsWith("/") ? name : at(name)),
      new UserError(message, 1),
      name,
    );
  }
});

test("a recording from a pipe is whole or ends in the middle of a record, wherever it is cut", async (t) => {
  if (!needsPerf(t)) return;
  const options = ["-e", "minor-faults", "-c", "1", "-d"];
  const { stdout } = await execa("perf", ["record", ...options, "-o", "-", "--", "true"], {
    encoding: "buffer",
  });
  writeFileSync(at("whole"), stdout);
  assert.equal(findCut(at("whole"), stdout.length), null);
  for (const less of [1, 7, 9, 30]) {
    const length = stdout.length - less;
    writeFileSync(at("part"), stdout.subarray(0, length));
    assert.equal(findCut(at("part"), length), `it ends in the middle of a record, after ${length} bytes`);
  }
  writeFileSync(at("part"), Buffer.concat([stdout, Buffer.alloc(64)]));
  assert.equal(findCut(at("part"), stdout.length + 64), `there is no record at byte ${stdout.length}`);
});

test("a recording whose perf was killed is known as cut", async (t) => {
  if (!needsPerf(t)) return;
  const perf = execa(
    "perf",
    ["record", "-e", "minor-faults", "-c", "1", "-d", "-o", at("cut"), "-p", `${process.pid}`],
    {
      reject: false,
    },
  );
  let told = false;
  while (!told) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    told = await examineRecording(at("cut")).then(
      () => true,
      () => false, // it has not begun yet
    );
  }
  perf.kill("SIGKILL");
  await perf;
  const { cut } = await examineRecording(at("cut"));
  assert.equal(cut, "perf record was killed before it had ended the file");
});
