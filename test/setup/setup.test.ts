import assert from "node:assert/strict";
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { execa } from "execa";

const SCRIPT = join(import.meta.dirname, "../../scripts/setup.sh");
const IS_ROOT = process.getuid?.() === 0;

/** What a checkout and a PATH hold in which nothing lacks. The commands are not run, only looked for. */
const COMMANDS = ["bpftrace", "perf", "gcc", "make", "setpriv", "apt-get"];
const REAL_COMMANDS = "sh dirname id sha256sum cat grep sed sleep stat find chmod rm mv mkdir touch".split(
  " ",
);

interface Checkout {
  folder: string;
  bin: string;
  /** Runs the copy of setup.sh there, with `bin` as the PATH. */
  run(wrapper?: string[]): Promise<{ exitCode?: number | undefined; stdout: string; stderr: string }>;
  /** Puts a shell script into `bin`; `body` sees the checkout as its working directory. */
  command(name: string, body: string): Promise<void>;
}

/** A made-up checkout that is set up, so that the test decides what lacks; nothing of the real one is touched. */
async function checkout(t: TestContext, lacking: string[] = []): Promise<Checkout> {
  const folder = await mkdtemp(join(tmpdir(), "setup-"));
  t.after(() => rm(folder, { recursive: true }));
  await chmod(folder, 0o755);
  const bin = join(folder, "bin");
  await mkdir(bin);
  await mkdir(join(folder, "scripts"));
  await copyFile(SCRIPT, join(folder, "scripts/setup.sh"));
  await writeFile(join(folder, "package-lock.json"), "{}");

  const command = (name: string, body: string) =>
    writeFile(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  for (const name of COMMANDS.filter((each) => !lacking.includes(each))) await command(name, "exit 99");
  for (const name of REAL_COMMANDS) {
    const { stdout } = await execa("sh", ["-c", 'command -v "$1"', "sh", name]);
    await symlink(stdout, join(bin, name));
  }
  await symlink(process.execPath, join(bin, "node"));
  await command(
    "npm",
    'mkdir -p node_modules/.bin && touch node_modules/.bin/tsx && chmod 755 node_modules/.bin/tsx; echo "$@" >>npm.log; echo added',
  );

  const run: Checkout["run"] = async (wrapper = []) => {
    const [file = "sh", ...args] = [...wrapper, join(bin, "sh"), "scripts/setup.sh"];
    return execa(file, args, {
      cwd: folder,
      env: { PATH: bin },
      extendEnv: false,
      stdin: "ignore",
      timeout: 60_000,
      reject: false,
    });
  };
  return { folder, bin, run, command };
}

test("the npm packages are installed once, and again when package-lock.json changes", async (t) => {
  const { folder, run } = await checkout(t);
  const runs = () => readFile(join(folder, "npm.log"), "utf8").then((log) => log.trim().split("\n").length);

  const first = await run();
  assert.match(first.stderr, /^setup: installing the npm packages \(npm ci\)\nadded$/m);
  assert.equal(first.exitCode, 0);
  assert.equal(await runs(), 1);

  const second = await run();
  assert.deepEqual([second.exitCode, second.stdout, second.stderr], [0, "", ""], "silent when nothing lacks");
  assert.equal(await runs(), 1);

  await writeFile(join(folder, "package-lock.json"), '{"changed": true}');
  const third = await run();
  assert.equal(third.exitCode, 0);
  assert.equal(await runs(), 2);
  assert.equal(first.stdout + third.stdout, "", "stdout belongs to the tool that npm starts next");
});

test("removed node_modules are installed again", async (t) => {
  const { folder, run } = await checkout(t);
  await run();
  await rm(join(folder, "node_modules"), { recursive: true });
  assert.match((await run()).stderr, /npm ci/);
});

test("without apt-get the lacking packages are named, and the status is 3", async (t) => {
  const { run } = await checkout(t, ["bpftrace", "perf", "apt-get"]);
  const { exitCode, stdout, stderr } = await run();
  assert.match(stderr, /^setup: no apt-get here; .*: bpftrace linux-perf$/);
  assert.equal(stdout, "");
  assert.equal(exitCode, 3);
});

test("a user who is not root is told exactly what to type", async (t) => {
  const { run } = await checkout(t, ["bpftrace"]);
  const { exitCode, stderr } = await run(
    IS_ROOT ? ["/usr/bin/setpriv", "--reuid=65534", "--clear-groups"] : [],
  );
  assert.match(
    stderr,
    /^ {2}sudo apt-get update && sudo apt-get install -y --no-install-recommends bpftrace$/m,
  );
  assert.equal(exitCode, 3);
});

test("a user who is not root needs no root where nothing lacks", async (t) => {
  const { folder, run } = await checkout(t);
  await run();
  await chmod(folder, 0o755);
  const { exitCode, stderr } = await run(
    IS_ROOT ? ["/usr/bin/setpriv", "--reuid=65534", "--clear-groups"] : [],
  );
  assert.equal(stderr, "");
  assert.equal(exitCode, 0);
});

test("under sudo, what is installed in a user's folder belongs to that user", async (t) => {
  if (!IS_ROOT) return t.skip("needs: root");
  const { folder, run, command } = await checkout(t);
  await command("chown", 'exec /bin/chown "$@"');
  await chown(folder, 65534, 65534);
  const { exitCode } = await run(["/usr/bin/env", "SUDO_UID=65534", "SUDO_GID=65534"]);
  assert.equal(exitCode, 0);
  for (const path of ["node_modules", "node_modules/.bin/tsx", "node_modules/.setup-stamp"]) {
    const { uid, gid } = await stat(join(folder, path));
    assert.deepEqual([uid, gid], [65534, 65534], path);
  }
});

/** Gives the script a /usr/sbin of its own, so that the real policy-rc.d is not touched. */
const OWN_SBIN = [
  "/usr/bin/unshare",
  "--mount",
  "/bin/sh",
  "-c",
  '/bin/mount -t tmpfs none /usr/sbin && echo "#!/bin/sh" >/usr/sbin/policy-rc.d && "$@"; s=$?; /bin/ls /usr/sbin; /bin/cat /usr/sbin/policy-rc.d; exit $s',
  "sh",
];

test("packages are installed with daemons forbidden, tried twice, and policy-rc.d is left as it was", async (t) => {
  if (!IS_ROOT) return t.skip("needs: root");
  const { folder, run, command } = await checkout(t, ["bpftrace"]);
  await command(
    "apt-get",
    'echo "$@" >>apt.log; case "$1" in install) cat /usr/sbin/policy-rc.d >>apt.log; [ "$(grep -c ^install apt.log)" = 2 ];; esac',
  );
  const { exitCode, stdout, stderr } = await run(OWN_SBIN);
  const install =
    "install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 bpftrace\n#!/bin/sh\nexit 101\n";
  assert.equal(await readFile(join(folder, "apt.log"), "utf8"), `update -qq\n${install}${install}`);
  assert.match(stderr, /^setup: failed, once more: apt-get install/m);
  assert.equal(stdout, "policy-rc.d\n#!/bin/sh");
  assert.equal(exitCode, 0);
});

test("a failed installation is said in one line, ends with 3, and policy-rc.d is left as it was", async (t) => {
  if (!IS_ROOT) return t.skip("needs: root");
  const { run, command } = await checkout(t, ["bpftrace"]);
  await command("apt-get", "exit 100");
  const { exitCode, stdout, stderr } = await run(OWN_SBIN);
  assert.match(stderr, /^setup: apt-get could not install: bpftrace /m);
  assert.equal(stdout, "policy-rc.d\n#!/bin/sh");
  assert.equal(exitCode, 3);
});
