import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { execa } from "execa";
import { openFile } from "../../lib/symbols/bytes.ts";
import { CodeFiles, ofBuildId, unchangedSince } from "../../lib/symbols/code-files.ts";
import { crc32, findDebugFile } from "../../lib/symbols/debug-file.ts";
import { readElf, SECTION } from "../../lib/symbols/elf.ts";
import { functionsAt } from "../../lib/symbols/elf-symbols.ts";
import { bytesOf, functionsOf, workshop } from "./programs.ts";

const built = workshop();
after(() => built.remove());

const elfOf = (path: string) => readElf(bytesOf(readFileSync(path))) ?? assert.fail(path);

/** A stripped program, its debug file apart, and where its function outer is. */
async function stripped(name: string, ...options: string[]): Promise<{ path: string; outer: number }> {
  const path = await built.compile(name, "-g", ...options);
  const outer = (await functionsOf(path)).find((each) => each.name === "outer")?.start ?? 0;
  await execa("objcopy", ["--only-keep-debug", path, `${path}.debug`]);
  await execa("strip", [path]);
  await execa("objcopy", [`--add-gnu-debuglink=${path}.debug`, path]);
  return { path, outer };
}

function assertFound(path: string, outer: number, root: string): void {
  const debug = findDebugFile(elfOf(path), path, root);
  assert.ok(debug, "no debug file");
  assert.equal(functionsAt(debug.elf, SECTION.symtab, [outer]).get(outer), "outer");
  debug.close();
}

test("a debug file is found by build id, where distributions put it", async () => {
  const { path, outer } = await stripped("by-id", "-Wl,--build-id");
  const { stdout } = await execa("readelf", ["-n", path]);
  const id = /Build ID: ([0-9a-f]+)/.exec(stdout)?.[1] ?? "";
  const folder = `${built.folder}/debug/.build-id/${id.slice(0, 2)}`;
  mkdirSync(folder, { recursive: true });
  renameSync(`${path}.debug`, `${folder}/${id.slice(2)}.debug`);
  assertFound(path, outer, `${built.folder}/debug`);
});

test("by .gnu_debuglink: beside it, in .debug, and below the root", async () => {
  const { path, outer } = await stripped("by-link", "-Wl,--build-id=none");
  assertFound(path, outer, "/nowhere");
  mkdirSync(`${built.folder}/.debug`);
  renameSync(`${path}.debug`, `${built.folder}/.debug/by-link.debug`);
  assertFound(path, outer, "/nowhere");
  const below = `${built.folder}/root${built.folder}`;
  mkdirSync(below, { recursive: true });
  renameSync(`${built.folder}/.debug/by-link.debug`, `${below}/by-link.debug`);
  assertFound(path, outer, `${built.folder}/root`);
});

test("a debug file of another build is refused, by build id and by CRC", async () => {
  for (const options of ["-Wl,--build-id", "-Wl,--build-id=none"]) {
    const { path } = await stripped("mine", options);
    const other = await stripped("other", options, "-O2");
    copyFileSync(`${other.path}.debug`, `${path}.debug`);
    assert.equal(findDebugFile(elfOf(path), path, "/nowhere"), null, options);
  }
});

test("the CRC is gzip's", () => {
  assert.equal(crc32(bytesOf(Buffer.from("123456789"))), 0xcbf43926);
});

/** A place in the function, as a process that mapped the whole file at 0x10000 would have it. */
async function placeIn(path: string, name: string) {
  const found = (await functionsOf(path)).find((each) => each.name === name);
  assert.ok(found);
  const file = openFile(path);
  assert.ok(file);
  file.close();
  const mapping = { start: 0x10000, end: 0x90000, offset: 0, inode: file.inode, path };
  return { address: 0x10000 + found.start, mapping };
}

test("a file that was replaced is not asked: its names would be those of another", async () => {
  const path = await built.compile("replaced", "-no-pie", "-Wl,-Ttext-segment=0");
  const place = await placeIn(path, "outer");
  assert.deepEqual(new CodeFiles(unchangedSince(0)).names([place]), ["outer"]);
  const since = Date.now();
  copyFileSync(path, `${path}.new`);
  renameSync(`${path}.new`, path);
  assert.deepEqual(new CodeFiles(unchangedSince(since)).names([place]), [null]);
  // on an overlay the inode differs though it is the file: it has not changed since
  assert.deepEqual(new CodeFiles(unchangedSince(Date.now() + 60_000)).names([place]), ["outer"]);
});

test("of a recording a file is asked only where its build id is the recorded one", async () => {
  const path = await built.compile(
    "recorded",
    "-no-pie",
    "-Wl,-Ttext-segment=0",
    "-Wl,--build-id=0xabcdef0123",
  );
  const place = await placeIn(path, "outer");
  const elsewhere = { ...place, mapping: { ...place.mapping, inode: 4711 } };
  const names = (...ids: [string, string][]) => new CodeFiles(ofBuildId(new Map(ids))).names([elsewhere]);
  assert.deepEqual(names([path, "abcdef0123"]), ["outer"]);
  assert.deepEqual(names([path, "abcdef0124"]), [null]);
  assert.deepEqual(names(), [null]);
});

test("what is no ELF file, no regular file, or is not there has no names", async () => {
  writeFileSync(`${built.folder}/text`, "#!/bin/sh\n");
  await execa("mkfifo", [`${built.folder}/pipe`]);
  for (const path of [`${built.folder}/text`, `${built.folder}/pipe`, `${built.folder}/none`, built.folder]) {
    const mapping = { start: 0, end: 4096, offset: 0, inode: 1, path };
    assert.deepEqual(
      new CodeFiles(unchangedSince(Number.POSITIVE_INFINITY)).names([{ address: 16, mapping }]),
      [null],
      path,
    );
  }
});
