import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { UserError } from "../../lib/cli/error.ts";
import { cgroupMembers, findCgroup, parseCgroupMounts } from "../../lib/procfs/cgroup.ts";

/** As mangle() of fs/proc_namespace.c escapes a path. */
const mangle = (path: string): string =>
  path.replace(/[ \t\n\\#]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);

test("mounts of cgroup file systems are found among others, their paths unescaped", () => {
  const path = fc
    .string({ unit: fc.constantFrom("a", "/", " ", "\t", "\n", "\\", "#", "0", "4", "ü"), minLength: 1 })
    .map((text) => `/${text}`);
  const mount = fc.record({ directory: path, type: fc.constantFrom("cgroup", "cgroup2", "tmpfs", "ext4") });
  fc.assert(
    fc.property(fc.array(mount), (mounts) => {
      const text = mounts
        .map(({ directory, type }) => `none ${mangle(directory)} ${type} rw,nosuid 0 0\n`)
        .join("");
      assert.deepEqual(
        parseCgroupMounts(text),
        mounts
          .filter(({ type }) => type.startsWith("cgroup"))
          .map(({ directory, type }) => ({ directory, version: type === "cgroup2" ? 2 : 1 })),
      );
    }),
  );
});

test("garbage is no mount, and upsets nothing", () => {
  assert.deepEqual(parseCgroupMounts("\n\n x\ncgroup cgroup\n"), []);
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseCgroupMounts(text)));
});

test("the members of a cgroup are those of the cgroups below it too, each once", () => {
  const root = mkdtempSync(join(tmpdir(), "cgroup-"));
  try {
    mkdirSync(join(root, "a", "b"), { recursive: true });
    mkdirSync(join(root, "c"));
    writeFileSync(join(root, "cgroup.procs"), "1\n2\n");
    writeFileSync(join(root, "a", "cgroup.procs"), "");
    writeFileSync(join(root, "a", "b", "cgroup.procs"), "3\n2\n");
    assert.deepEqual(cgroupMembers(root).sort(), [1, 2, 3]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("a path that is in no cgroup file system is refused with its name", () => {
  for (const path of ["/nosuch", tmpdir(), "/proc/self/stat", ""]) {
    assert.throws(
      () => findCgroup(path, "/dev/null"),
      (error) => error instanceof UserError && error.message.includes(`'${path}'`) && error.exitStatus === 1,
    );
  }
});
