import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOf, nameOf } from "../../../lib/fault/map/kind.ts";

const CASES: readonly (readonly [path: string, permissions: string, kind: string, name: string])[] = [
  ["", "rw-p", "anon", "anon"],
  ["//anon", "rwxp", "jit", "jit"],
  ["[anon:dalvik main]", "rw-p", "anon", "dalvik main"],
  ["[anon_shmem:pool]", "rw-s", "shmem", "pool"],
  ["/dev/zero (deleted)", "rw-s", "shmem", "shmem"],
  ["/dev/zero", "rw-s", "shmem", "shmem"],
  ["/dev/zero", "rw-p", "anon", "anon"],
  ["/dev/zeroes", "rw-p", "file", "zeroes"],
  ["/memfd:x (deleted)", "rw-s", "shmem", "memfd:x"],
  ["/dev/shm/a b", "rw-s", "shmem", "a b"],
  ["/SYSV0000002a (deleted)", "rw-s", "shmem", "SYSV0000002a"],
  ["/usr/lib/libc.so.6", "r-xp", "file", "libc.so.6"],
  ["[heap]", "rw-p", "heap", "[heap]"],
  ["[stack]", "rw-p", "stack", "[stack]"],
  ["[vdso]", "r-xp", "vdso", "[vdso]"],
  ["[uprobes]", "r-xp", "other", "[uprobes]"],
];

for (const [path, permissions, kind, name] of CASES) {
  test(`${permissions} '${path}' is ${kind}, called ${name}`, () => {
    const found = kindOf({ path, permissions });
    assert.equal(found, kind);
    assert.equal(nameOf(found, path), name);
  });
}
