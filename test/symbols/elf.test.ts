import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { execa } from "execa";
import fc from "fast-check";
import { addressOf, buildIdOf, debugLinkOf, type Elf, readElf, SECTION } from "../../lib/symbols/elf.ts";
import { functionsAt } from "../../lib/symbols/elf-symbols.ts";
import { bytesOf, functionsOf, type Known, namesAt, workshop } from "./programs.ts";

const built = workshop();
after(() => built.remove());

const elfOf = (path: string): Elf => {
  const elf = readElf(bytesOf(readFileSync(path)));
  assert.ok(elf, path);
  return elf;
};

/** Begin, middle, end and what is beside each function. */
function probes(known: readonly Known[]): number[] {
  const all = known.flatMap(({ start, size }) => [
    start - 1,
    start,
    start + (size >> 1),
    start + size - 1,
    start + size,
  ]);
  return [...new Set(all)].sort((a, b) => a - b);
}

function assertAgrees(elf: Elf, type: number, known: readonly Known[]): void {
  const asked = probes(known);
  const found = functionsAt(elf, type, asked);
  for (const address of asked) {
    const [names, name] = [namesAt(known, address), found.get(address)];
    if (names.length === 0) assert.equal(name, undefined, `${address.toString(16)} is in no function`);
    else assert.ok(names.includes(name ?? ""), `${address.toString(16)}: ${name}, not one of ${names}`);
  }
}

for (const options of [
  ["-g"],
  ["-O2"],
  ["-no-pie"],
  ["-static"],
  ["-static-pie", "-O2"],
  ["-Wl,-z,noseparate-code"],
]) {
  test(`gcc ${options.join(" ")}: each address is in the function that nm says, or in none`, async () => {
    const path = await built.compile("program", ...options);
    const known = await functionsOf(path);
    for (const name of ["main", "inner", "outer", "maybe", "far_away"])
      assert.ok(
        known.some((each) => each.name === name),
        name,
      );
    assertAgrees(elfOf(path), SECTION.symtab, known);
  });
}

test("a stripped file: the dynamic symbols", async () => {
  const path = await built.compile("stripped", "-s", "-rdynamic");
  const known = await functionsOf(path, "-D");
  assert.ok(known.some(({ name }) => name === "outer"));
  const elf = elfOf(path);
  assert.equal(functionsAt(elf, SECTION.symtab, probes(known)).size, 0);
  assertAgrees(elf, SECTION.dynsym, known);
});

test("of the names of one address, the one without underscores before it", async () => {
  const path = await built.compile("aliases");
  const known = await functionsOf(path);
  const outer = known.find(({ name }) => name === "outer")?.start ?? 0;
  assert.equal(namesAt(known, outer).length, 2);
  assert.equal(functionsAt(elfOf(path), SECTION.symtab, [outer]).get(outer), "outer");
});

test("a byte of the file is at the address where its segment puts it", async () => {
  for (const options of [["-no-pie"], ["-pie"], ["-Wl,-z,noseparate-code"]]) {
    const path = await built.compile("mapped", ...options);
    const { stdout } = await execa("objdump", ["-hw", path]);
    const [, address = "", offset = ""] =
      /\.text +[0-9a-f]+ +([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+)/.exec(stdout) ?? [];
    const elf = elfOf(path);
    assert.equal(addressOf(elf, Number.parseInt(offset, 16)), Number.parseInt(address, 16));
    assert.equal(addressOf(elf, 2 ** 40), null);
  }
});

test("build id and debug link are those that readelf and objcopy know", async () => {
  const path = await built.compile("linked", "-g", "-Wl,--build-id");
  await execa("objcopy", ["--only-keep-debug", path, `${path}.debug`]);
  await execa("objcopy", [`--add-gnu-debuglink=${path}.debug`, path]);
  const { stdout } = await execa("readelf", ["-n", path]);
  assert.equal(buildIdOf(elfOf(path)), /Build ID: ([0-9a-f]+)/.exec(stdout)?.[1]);
  assert.equal(debugLinkOf(elfOf(path))?.name, "linked.debug");
});

test("a file of 32 bits is read, too", async () => {
  const path = await built.compile("narrow", "-m32", "-nostdlib", "-static", "-Wl,-e,main", "-DALONE");
  const known = await functionsOf(path);
  assert.ok(known.some(({ name }) => name === "main"));
  const elf = elfOf(path);
  assert.equal(elf.wide, false);
  assertAgrees(elf, SECTION.symtab, known);
  const [text] = elf.sections.filter(({ name }) => name === ".text");
  const main = known.find(({ name }) => name === "main")?.start ?? 0;
  assert.equal(addressOf(elf, main - 0x08048000), main, JSON.stringify(text));
});

/** All that is read of a file; never more than is in it. */
function readAll(buffer: Buffer, addresses: number[]): void {
  const bytes = bytesOf(buffer);
  const elf = readElf(bytes);
  if (elf === null) return;
  buildIdOf(elf);
  debugLinkOf(elf);
  addressOf(elf, 4096);
  for (const type of [SECTION.symtab, SECTION.dynsym]) functionsAt(elf, type, addresses);
  assert.ok(bytes.longest <= 4 << 20, `${bytes.longest} bytes at once`);
}

const ADDRESSES = [0, 1, 0x1139, 0x1200, 0x401_136, 2 ** 40, 2 ** 52];

test("damaged files: total, whatever bytes are changed or cut", async () => {
  const good = readFileSync(await built.compile("damaged", "-g"));
  const tables = [0, Number(good.readBigUInt64LE(40))];
  const byte = fc.integer({ min: 0, max: 255 });
  const change = fc.tuple(
    fc.constantFrom(...tables),
    fc.nat(2048),
    fc.constantFrom(0, 1, 127, 128, 254, 255),
    byte,
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), fc.nat(good.length), (changes, cut) => {
      const bad = Buffer.from(good);
      for (const [from, at, extreme, any] of changes) {
        const where = Math.min(from + at, bad.length - 1);
        bad[where] = any % 3 === 0 ? any : extreme;
      }
      readAll(bad, ADDRESSES);
      readAll(bad.subarray(0, cut), ADDRESSES);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
      readAll(Buffer.concat([good.subarray(0, 20), bytes]), ADDRESSES),
    ),
  );
  assert.equal(readElf(bytesOf(Buffer.from("#!/bin/sh\n".padEnd(80)))), null);
});

test("a table in which every symbol covers everything ends in time", () => {
  const count = 200_000;
  const symbols = Buffer.alloc(count * 24);
  for (let i = 0; i < count; i++) {
    symbols.writeUInt32LE(1, i * 24);
    symbols[i * 24 + 4] = 0x12;
    symbols.writeUInt16LE(1, i * 24 + 6);
    symbols.writeUInt32LE(0xffffffff, i * 24 + 16);
  }
  const bytes = bytesOf(Buffer.concat([symbols, Buffer.from("\0hostile\0")]));
  const section = { name: "", type: SECTION.symtab, offset: 0, size: symbols.length, link: 1 };
  const strings = { name: "", type: 3, offset: symbols.length, size: 9, link: 0 };
  const elf: Elf = { bytes, wide: true, machine: 62, segments: [], sections: [section, strings] };
  const addresses = Array.from({ length: 65_536 }, (_, i) => i);
  assert.equal(functionsAt(elf, SECTION.symtab, addresses).get(77), "hostile");
});
