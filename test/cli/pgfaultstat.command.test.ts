import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { openFolder, recordsOf, runShell, runTool, samplesOf, startTool, summariesOf } from "./tool.ts";

describe("a COMMAND that cannot be run is told in one line", { concurrency: 4 }, () => {
  test("127 where there is none of that name, whatever the name", async (t) => {
    const missing = await runTool(t, ["--via", "proc", "--", "no\nsuch\u001b[31m"]);
    assert.equal(missing.stderr, "pgfaultstat: cannot run 'no?such?[31m': No such file or directory\n");
    assert.equal(missing.stdout, "");
    assert.equal(missing.status, 127);
  });

  test("126 where it may not be executed, and where it is a directory", async (t) => {
    const folder = await openFolder(t);
    const file = `${folder}/data`;
    await writeFile(file, "no program");
    for (const path of [file, folder]) {
      const { status, stdout, stderr } = await runTool(t, ["--via", "proc", "--", path]);
      assert.equal(stderr, `pgfaultstat: cannot run '${path}': Permission denied\n`);
      assert.equal(stdout, "");
      assert.equal(status, 126);
    }
  });

  test("127 where its interpreter is missing, which shows only once the probes are attached", async (t) => {
    const file = `${await openFolder(t)}/script`;
    await writeFile(file, "#!/no/such/interpreter\n");
    await chmod(file, 0o755);
    const { status, stdout, stderr } = await runTool(t, ["-j", "--html", `${file}.html`, "--", file]);
    assert.equal(stderr, `pgfaultstat: cannot run '${file}': No such file or directory\n`);
    assert.equal(stdout, "");
    assert.equal(status, 127);
  });
});

describe("COMMAND's end becomes ours", { concurrency: 4 }, () => {
  test("its exit status, in the summary too", async (t) => {
    const { status, stdout } = await runTool(t, ["-j", "--", "sh", "-c", "exit 7"]);
    assert.equal(status, 7);
    const [summary] = summariesOf(stdout);
    assert.equal(summary?.exitStatus, 7);
    assert.equal(summary?.endedBy, "exit");
    assert.equal(summary?.exited, true);
    const kernel = Number(summary?.kernelMinor) + Number(summary?.kernelMajor);
    assert.equal(
      Number(summary?.minor) + Number(summary?.major) + Number(summary?.untraced),
      kernel,
      "books",
    );
    assert.equal(summary?.edge, 0);
  });

  test("128 + n where signal n killed it", async (t) => {
    const killed = await runTool(t, ["-j", "--via", "proc", "--", "sh", "-c", "kill -9 $$"]);
    assert.equal(killed.status, 137);
    assert.equal(summariesOf(killed.stdout)[0]?.exitStatus, 137);
  });
});

test("COMMAND's output arrives on our standard error, and ours stays parseable", async (t) => {
  const script = 'echo out; echo err >&2; echo \'{"type":"sample"\'';
  const { status, stdout, stderr } = await runTool(t, ["-j", "--via", "proc", "--", "sh", "-c", script]);
  assert.equal(stderr, 'out\nerr\n{"type":"sample"\n');
  assert.deepEqual([...new Set(recordsOf(stdout).map(({ type }) => type))], ["start", "sample", "summary"]);
  assert.equal(status, 0);
});

test("COMMAND reads our standard input", async (t) => {
  const { status, stdout, stderr } = await runShell(t, 'echo hi | "$@"', [
    "-j",
    "--via",
    "proc",
    "--",
    "cat",
  ]);
  assert.equal(stderr, "hi\n");
  assert.equal(summariesOf(stdout)[0]?.comm, "cat");
  assert.equal(status, 0);
});

test("arguments of COMMAND are its own, those that look like ours too", async (t) => {
  const args = [
    "-j",
    "--via",
    "proc",
    "--",
    "sh",
    "-c",
    'echo "$*"',
    "sh",
    "-h",
    "--",
    "--version",
    "a b",
    "",
  ];
  const { status, stderr } = await runTool(t, args);
  assert.equal(stderr, "-h -- --version a b \n");
  assert.equal(status, 0);
});

describe("the measurement ends, COMMAND runs on and is waited for", { concurrency: 4 }, () => {
  for (const [name, limit] of [
    ["duration", ["-d", "0.2"]],
    ["count", ["0.1", "2"]],
  ] as const) {
    test(`after its ${name}`, async (t) => {
      const folder = await openFolder(t);
      const script = `for i in $(seq 3000); do [ -e ${folder}/go ] || sleep 0.1; done; echo finished; exit 3`;
      const tool = startTool(t, ["-j", "--via", "proc", ...limit, "--", "sh", "-c", script]);
      await tool.sees(/"summary"/);
      assert.doesNotMatch(tool.printed(), /^finished$/m, "the summary does not wait for COMMAND");
      await writeFile(`${folder}/go`, "");
      const { status, stdout, stderr } = await tool.ended;
      assert.equal(stderr, "finished\n");
      assert.equal(status, 3);
      const [summary] = summariesOf(stdout);
      assert.equal(summary?.endedBy, name);
      assert.equal(summary?.exitStatus, null, "it had not ended by then");
      assert.equal(summary?.exited, false);
    });
  }
});

test("a COMMAND that ends before the first interval leaves a sample, a row and a summary", async (t) => {
  const args = ["--via", "proc", "3600", "--", "true"];
  const [json, table] = await Promise.all([runTool(t, ["-j", ...args]), runTool(t, args)]);
  assert.equal(samplesOf(json.stdout).length, 1);
  assert.equal(json.status, 0);
  assert.match(table.stdout, /^ +PID .*COMMAND\n +\d+ .* true\nAverage:\n/);
  assert.equal(table.status, 0);
});
