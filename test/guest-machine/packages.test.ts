import assert from "node:assert/strict";
import { test } from "node:test";
import { newestImage } from "../guest/machine/debian-kernel.ts";
import { missingPackages, versionOf } from "../guest/machine/packages.ts";

test("missing are the packages that dpkg does not list as installed, removed ones too", () => {
  const listed = "cpio installed\nbison config-files\n";
  assert.deepEqual(missingPackages(["cpio", "bison", "flex"], listed), ["bison", "flex"]);
  assert.deepEqual(missingPackages(["cpio"], listed), []);
});

const policy = (installed: string, candidate: string): string =>
  `linux-source-6.12:\n  Installed: ${installed}\n  Candidate: ${candidate}\n  Version table:\n     6.12.1-1 500\n`;

test("the version of a package is the installed one, else the one that would be", () => {
  assert.equal(versionOf(policy("6.12.9-1", "6.12.12-1")), "6.12.9-1");
  assert.equal(versionOf(policy("(none)", "6.12.12-1")), "6.12.12-1");
  assert.equal(versionOf(policy("(none)", "(none)")), null);
  assert.equal(versionOf(""), null);
});

test("the newest Debian kernel is the one with the highest number, not the last in the alphabet", () => {
  const listed = [9, 56, 40].map((n) => `linux-image-6.1.0-${n}-amd64 - Linux 6.1 for 64-bit PCs (signed)\n`);
  const others = "linux-image-6.1.0-99-amd64-dbg - Debug symbols\nlinux-image-6.1.0-98-cloud-amd64 - cloud\n";
  assert.equal(newestImage(listed.join("") + others), "linux-image-6.1.0-56-amd64");
  assert.equal(newestImage(""), null);
});
