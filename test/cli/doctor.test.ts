import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { execa } from "execa";
import type { Capability } from "../../lib/kernel/capability.ts";
import { ROOT } from "../../lib/paths.ts";

const IS_ROOT = process.geteuid?.() === 0;
const DOCTOR = [process.execPath, "--import", "tsx", "scripts/doctor.ts"];
const NAMES =
  "node privilege helpers proc bpftrace software-events perf-events perf tracefs process-tracepoints fault-tracepoint btf fentry kprobe cgroup page-idle soft-dirty damon uffd-rwp wss-written";

interface Outcome {
  exitCode?: number | undefined;
  stdout: string;
  stderr: string;
}

function run([file = "", ...args]: string[], env: Record<string, string> = {}): Promise<Outcome> {
  return execa(file, args, { cwd: ROOT, env, stdin: "ignore", timeout: 60_000, reject: false });
}

/** The records of `doctor -j`, each checked for its shape. */
function parse(stdout: string): Map<string, Capability> {
  const found = new Map<string, Capability>();
  for (const line of stdout.trimEnd().split("\n")) {
    const record = JSON.parse(line);
    assert.deepEqual(Object.keys(record), ["type", "name", "status", "detail", "loses", "fix"]);
    assert.equal(record.type, "capability");
    assert.match(record.status, /^(ok|warn|fail)$/);
    assert.ok(typeof record.detail === "string" && record.detail !== "");
    assert.ok(record.fix === null || typeof record.fix === "string");
    if (record.status === "ok") assert.deepEqual([record.loses, record.fix], [null, null]);
    else assert.ok(typeof record.loses === "string" && record.loses !== "", "a loss is named");
    found.set(record.name, record);
  }
  return found;
}

/** A folder that every user may read. */
async function openFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "doctor-"));
  await chmod(folder, 0o755);
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

test("doctor -j lists every capability once, and its exit status is 1 only where one failed", async () => {
  const { exitCode, stdout, stderr } = await run([...DOCTOR, "-j"]);
  const found = parse(stdout);
  assert.deepEqual([...found.keys()].join(" "), NAMES);
  assert.equal(stdout.trimEnd().split("\n").length, found.size);
  assert.equal(exitCode, [...found.values()].some(({ status }) => status === "fail") ? 1 : 0);
  assert.equal(stderr, "");
});

test("the table stays under 80 columns and has no colour in a pipe", async () => {
  const { stdout } = await run(DOCTOR);
  for (const line of stdout.split("\n")) assert.ok(line.length < 80, line);
  for (const name of NAMES.split(" ")) assert.match(stdout, new RegExp(`^[✓!✗] ${name} `, "m"));
  assert.ok(!stdout.includes("\x1b"));
});

test("without bpftrace and perf in PATH doctor names the packages to install, and what is lost", async (t) => {
  const bin = await openFolder(t);
  await symlink(process.execPath, join(bin, "node"));
  const { exitCode, stdout } = await run([...DOCTOR, "-j"], { PATH: bin });
  const found = parse(stdout);
  const sudo = IS_ROOT ? "" : "sudo ";
  const install = (name: string) => `${sudo}apt-get install -y --no-install-recommends ${name}`;
  for (const name of ["bpftrace", "software-events", "fentry"]) {
    assert.equal(found.get(name)?.detail, "bpftrace not found");
    assert.equal(found.get(name)?.fix, install("bpftrace"));
    assert.equal(found.get(name)?.status, "warn", "plain perf events still count");
  }
  assert.equal(found.get("perf")?.fix, install("linux-perf"));
  assert.equal(found.get("helpers")?.status, "ok", "what is built needs no compiler");
  assert.equal(exitCode, 0);
});

/** Runs `command` where the checkout is at `mountPoint`, with what `prepare` mounts, seen by nobody else. */
const inOwnMounts = (prepare: string, command: string[]): string[] => [
  ...["unshare", "--mount", "sh", "-c", `${prepare} && exec "$@"`, "sh"],
  ...command,
];

test("helpers that are not built are a failure whose fix builds them", async (t) => {
  if (!IS_ROOT) return t.skip("needs: root, for a build folder of its own");
  const { exitCode, stdout } = await run(inOwnMounts("mount -t tmpfs none build", [...DOCTOR, "-j"]));
  const helpers = parse(stdout).get("helpers");
  assert.equal(helpers?.status, "fail");
  assert.match(helpers?.detail ?? "", /^not built: .*launch/);
  assert.equal(helpers?.fix, "make -C helpers-c");
  assert.equal(exitCode, 1);
});

test("for a user who is not root doctor says what root would give, and how to become it", async (t) => {
  if (!IS_ROOT) return t.skip("needs: root, to become another user");
  const folder = await openFolder(t);
  // a bind mount, since the checkout may lie in a folder that only root enters
  const prepare = `mount --bind . ${folder} && cd ${folder}`;
  const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const { exitCode, stdout } = await run(inOwnMounts(prepare, [...asNobody, ...DOCTOR, "-j"]), {
    HOME: folder,
  });
  const found = parse(stdout);
  assert.equal(found.get("privilege")?.status, "warn");
  assert.match(found.get("privilege")?.detail ?? "", /^uid 65534, neither root nor CAP_PERFMON and CAP_BPF$/);
  for (const name of ["privilege", "software-events", "tracefs", "proc"]) {
    assert.equal(found.get(name)?.status, "warn", name);
    assert.match(String(found.get(name)?.fix), /^sudo \S+ --import \S+ \S+doctor\.ts/, name);
  }
  assert.equal(found.get("bpftrace")?.status, "ok", "it is installed");
  assert.equal(exitCode, 0, "its own processes can still be counted");
});

test("an unknown option is a usage error", async () => {
  const { exitCode, stdout, stderr } = await run([...DOCTOR, "--nosuch"]);
  assert.match(stderr, /unknown option '--nosuch'/);
  assert.equal(stdout, "");
  assert.equal(exitCode, 2);
});
