import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import {
  IS_ROOT,
  inOwnMounts,
  openFolder,
  recordsOf,
  runAsNobody,
  runShell,
  runTool,
  start,
  startForker,
  startSleep,
  summariesOf,
  TOOL,
} from "./tool.ts";

const QUICK = ["--via", "proc", "0.1", "3"];

describe("a full disk is one line and status 1, and takes nothing else with it", { concurrency: 4 }, () => {
  for (const format of [[], ["-j"]]) {
    test(`standard output${format.length > 0 ? " as JSON" : ""}: the files are whole`, async (t) => {
      const folder = await openFolder(t);
      const files = ["--csv", `${folder}/a.csv`, "--html", `${folder}/a.html`, "-o", `${folder}/rec`];
      const args = [...QUICK, ...format, ...files, "-p", startSleep(t)];
      const { status, stderr } = await runShell(t, '"$@" >/dev/full', args);
      assert.match(stderr, /^pgfaultstat: cannot write to standard output: .*no space left on device.*\n$/);
      assert.equal(status, 1);
      assert.match(await readFile(`${folder}/a.csv`, "utf8"), /^time,.*\n/);
      assert.match(await readFile(`${folder}/a.html`, "utf8"), /<\/html>\s*$/);
      assert.equal(summariesOf(await readFile(`${folder}/rec/samples.ndjson`, "utf8")).length, 1);
    });
  }

  test("a file: what was measured is printed", async (t) => {
    const args = ["-j", ...QUICK, "--csv", "/dev/full", "-p", startSleep(t)];
    const { status, stdout, stderr } = await runTool(t, args);
    // its header line is the first that does not fit: nothing has been measured yet
    assert.equal(stderr, "pgfaultstat: cannot write '/dev/full': no space left on device\n");
    assert.equal(stdout, "");
    assert.equal(status, 1);
  });

  for (const option of ["--csv", "--html", "-o"]) {
    test(`${option} on a file system that runs full while it measures`, async (t) => {
      if (!IS_ROOT) return t.skip("needs: root, to mount a small file system");
      const folder = await openFolder(t);
      await mkdir(`${folder}/small`);
      // room for the beginning: 16 KiB less a file of 8
      const prepare = `mount -t tmpfs -o size=16k none ${folder}/small && head -c 8192 /dev/zero >${folder}/small/fill`;
      const whole = { "--csv": "--html", "--html": "-o", "-o": "--csv" }[option] ?? "";
      const args = [
        "-j",
        "--via",
        "proc",
        "0.01",
        "60",
        option,
        `${folder}/small/a`,
        whole,
        `${folder}/whole`,
      ];
      const targets = Array.from({ length: 3 }, () => startSleep(t)).join();
      const command = [...TOOL, ...args, "-p", targets];
      const { status, stdout, stderr } = await start(t, inOwnMounts(prepare, command)).ended;
      const [line, ...more] = stderr.split("\n");
      assert.match(
        line ?? "",
        /^pgfaultstat: cannot (write|open) '.*\/small\/a.*': no space left on device$/,
      );
      assert.doesNotMatch(line ?? "", /\.part/, "the name that the user gave");
      assert.deepEqual(more, [""]);
      assert.equal(status, 1);
      assert.equal(summariesOf(stdout).length, 3, "the run goes on to its end");
      const text = readFileSync(
        whole === "-o" ? `${folder}/whole/samples.ndjson` : `${folder}/whole`,
        "utf8",
      );
      if (whole === "-o") assert.equal(recordsOf(text).at(-1)?.type, "summary");
      if (whole === "--csv") assert.equal(text.trimEnd().split("\n").length, 1 + 3 * 60);
      if (whole === "--html") assert.match(text, /<\/html>\s*$/);
    });
  }
});

describe("where it cannot write it says so before it measures", { concurrency: 4 }, () => {
  const options = ["--csv", "--html", "-o"];

  for (const option of ["--csv", "--html"]) {
    test(`${option} into a directory that does not exist, or over one`, async (t) => {
      const folder = await openFolder(t);
      const target = startSleep(t);
      for (const [path, reason] of [
        [`${folder}/none/file`, "no such directory"],
        [folder, "is a directory"],
      ] as const) {
        const { status, stdout, stderr } = await runTool(t, ["-p", target, "3600", option, path]);
        assert.equal(stderr, `pgfaultstat: cannot open '${path}': ${reason}\n`);
        assert.equal(stdout, "");
        assert.equal(status, 1);
      }
      assert.deepEqual(readdirSync(folder), []);
    });
  }

  test("another user's directory", async (t) => {
    if (!IS_ROOT) return t.skip("needs: root, to become another user");
    const folder = await openFolder(t);
    const target = startSleep(t);
    for (const option of options) {
      const path = `${folder}/mine`;
      const { status, stdout, stderr } = await runAsNobody(t, ["-p", target, "3600", option, path]);
      const what = option === "-o" ? "record into" : "open";
      assert.equal(stderr, `pgfaultstat: cannot ${what} '${path}': permission denied\n`);
      assert.equal(stdout, "");
      assert.equal(status, 1);
    }
    assert.deepEqual(readdirSync(folder), []);
  });

  test("-o where something is already, which stays as it is", async (t) => {
    const folder = await openFolder(t);
    const recording = ["-o", `${folder}/rec`, "-p", startSleep(t)];
    assert.equal((await runTool(t, [...QUICK, ...recording])).status, 0);
    const before = await readFile(`${folder}/rec/samples.ndjson`, "utf8");
    const again = await runTool(t, [...QUICK, ...recording]);
    assert.equal(again.stderr, `pgfaultstat: cannot record into '${folder}/rec': it is not empty\n`);
    assert.equal(again.stdout, "");
    assert.equal(again.status, 2);
    assert.equal(await readFile(`${folder}/rec/samples.ndjson`, "utf8"), before);
    assert.deepEqual(readdirSync(`${folder}/rec`), ["meta.json", "samples.ndjson"]);
  });
});

test("the page replaces an older one only when it is whole, through a link too", async (t) => {
  const folder = await openFolder(t);
  const page = `${folder}/page.html`;
  await writeFile(page, "older");
  await symlink("page.html", `${folder}/link.html`);
  const refused = await runTool(t, [
    "--html",
    `${folder}/link.html`,
    "--via",
    "proc",
    "--",
    "no-such-command",
  ]);
  assert.equal(refused.status, 127);
  assert.equal(await readFile(page, "utf8"), "older");
  assert.deepEqual(readdirSync(folder), ["link.html", "page.html"], "no draft is left");

  const { status } = await runTool(t, [...QUICK, "--html", `${folder}/link.html`, "-p", startSleep(t)]);
  assert.equal(status, 0);
  assert.match(await readFile(page, "utf8"), /<\/html>\s*$/);
  assert.deepEqual(readdirSync(folder), ["link.html", "page.html"]);
});

test("a kill leaves no draft of the page", async (t) => {
  const folder = await openFolder(t);
  const tool = start(t, [...TOOL, "-j", "--html", `${folder}/a.html`, "--via", "proc", "-p", startSleep(t)]);
  await tool.sees(/"start"/);
  tool.process.kill("SIGKILL");
  await tool.ended;
  assert.deepEqual(readdirSync(folder), []);
});

describe("a reader that has seen enough ends the run: status 0, not a word", { concurrency: 4 }, () => {
  for (const args of [["-j"], [], ["--via", "proc"], ["--via", "perf"]]) {
    test(`| head -1 ${args.join(" ")}`, async (t) => {
      const script = '"$@" | head -1; echo $PIPESTATUS'; // of several, that of the first
      const { stdout, stderr } = await runShell(t, script, [...args, "0.05", "-p", startSleep(t)]);
      const [first, status] = stdout.trimEnd().split("\n");
      assert.match(first ?? "", args[0] === "-j" ? /^\{"type":"start"/ : /^ +PID minflt/);
      assert.equal(status, "0");
      assert.equal(stderr.replace(/^pgfaultstat: perf stat counts .*\n/, ""), "");
    });
  }
});

describe("streams that are closed from the start do no harm", { concurrency: 4 }, () => {
  for (const closed of [">&-", "<&-", "2>&-", "<&- >&- 2>&-"]) {
    test(closed, async (t) => {
      const folder = await openFolder(t);
      const script = `"$@" ${closed}; echo "status $?"`;
      // it ends once both samples are in the file
      const command = `for i in $(seq 3000); do [ $(wc -l <${folder}/a.csv) = 3 ] || sleep 0.1; done; exit 4`;
      const args = ["--csv", `${folder}/a.csv`, "-j", "0.1", "2", "--", "sh", "-c", command];
      const { stdout, stderr } = await runShell(t, script, args);
      assert.match(stdout, /status 4\n$/);
      assert.equal(stderr, "");
      if (!closed.includes(">&- ") && closed !== ">&-") assert.match(stdout, /"endedBy":"count"/);
      const rows = (await readFile(`${folder}/a.csv`, "utf8")).trimEnd().split("\n");
      assert.equal(rows.length, 3, "a header and two samples, in the file alone");
    });
  }
});

test("every output at once tells the same", async (t) => {
  const folder = await openFolder(t);
  const target = startForker(t);
  const files = ["--csv", `${folder}/a.csv`, "--html", `${folder}/a.html`, "-o", `${folder}/rec`];
  const { status, stdout } = await runTool(t, ["-j", ...QUICK, ...files, "-p", String(target.pid)]);
  assert.equal(status, 0);
  assert.equal(await readFile(`${folder}/rec/samples.ndjson`, "utf8"), stdout);
  assert.ok(existsSync(`${folder}/rec/meta.json`));
  assert.equal((await readFile(`${folder}/a.csv`, "utf8")).trimEnd().split("\n").length, 4);
  assert.match(await readFile(`${folder}/a.html`, "utf8"), /<\/html>\s*$/);
});
