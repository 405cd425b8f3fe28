import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AddressSpace } from "../../../lib/fault/map/address-space.ts";
import type { Region } from "../../../lib/fault/map/region.ts";
import type { Mapping } from "../../../lib/procfs/maps.ts";

const PAGE = 4096;

function mapping(start: number, end: number, more: Partial<Mapping> = {}): Mapping {
  return {
    start: start * PAGE,
    end: end * PAGE,
    permissions: "rw-p",
    offset: 0,
    device: "00:00",
    inode: 0,
    path: "",
    ...more,
  };
}

const file = { device: "fe:01", inode: 7, path: "/lib/libx.so" };

test("a page belongs to the mapping that covers it, and to none where there is none", () => {
  const space = new AddressSpace(1);
  space.map(mapping(10, 20));
  space.map(mapping(30, 40, { path: "[heap]" }));
  assert.equal(space.find(9), null);
  assert.equal(space.find(10)?.kind, "anon");
  assert.equal(space.find(19)?.kind, "anon");
  assert.equal(space.find(20), null);
  assert.equal(space.find(35)?.kind, "heap");
});

test("the mappings of one file beside and over each other are one region", () => {
  const space = new AddressSpace(1);
  space.map(mapping(100, 200, { ...file, permissions: "r--p" }));
  space.map(mapping(120, 160, { ...file, permissions: "r-xp", offset: 20 * PAGE }));
  space.map(mapping(200, 210, { ...file, permissions: "rw-p", offset: 100 * PAGE }));
  assert.equal(space.regions.length, 1);
  assert.equal(space.find(130), space.find(205));
  assert.deepEqual([space.find(100)?.start, space.find(100)?.end], [100 * PAGE, 210 * PAGE]);
});

test("where each mapping is asked for, those of one file are apart, and a part whose protection changes too", () => {
  const space = new AddressSpace(1, { eachMapping: true });
  space.map(mapping(100, 110, { ...file, permissions: "r--p" }));
  space.map(mapping(110, 150, { ...file, permissions: "r-xp", offset: 10 * PAGE }));
  space.map(mapping(150, 160, { ...file, offset: 50 * PAGE }));
  space.map(mapping(150, 155, { ...file, permissions: "r--p", offset: 50 * PAGE }));
  space.map(mapping(150, 155, { ...file, permissions: "r--p", offset: 50 * PAGE }));
  assert.deepEqual(
    space.fork(2).regions.map(({ start, permissions }) => [start / PAGE, permissions]),
    [
      [100, "r--p"],
      [110, "r-xp"],
      [150, "r--p"],
      [155, "rw-p"],
    ],
  );
  assert.equal(space.find(157)?.permissions, "rw-p");
  assert.equal(space.regions.length, 4);
});

test("another file of the same name is another region", () => {
  const space = new AddressSpace(1);
  space.map(mapping(100, 200, file));
  space.map(mapping(200, 210, { ...file, inode: 8 }));
  assert.notEqual(space.find(150), space.find(205));
});

test("anonymous memory that grows is the same; of the same extent again it is the same, mapped anew", () => {
  const space = new AddressSpace(1);
  space.map(mapping(100, 200));
  const first = space.find(150);
  space.map(mapping(100, 300));
  assert.equal(space.find(150), first);
  assert.equal(space.find(250), first);
  first?.fault(150, 1, false);
  first?.fault(151, 1, false);
  space.map(mapping(100, 300));
  assert.equal(space.find(150), first);
  first?.fault(150, 1, false);
  first?.fault(152, 1, false);
  const { pages, refaults, evidence } = first?.verdict(200, 1) ?? {};
  assert.deepEqual(
    [pages, refaults, evidence?.upgrades],
    [3, 0, 0],
    "what it had before is not there any more",
  );
  assert.deepEqual([first?.mappings, first?.vanished], [2, false]);
});

test("protection that changes back and forth makes two regions, however often", () => {
  const space = new AddressSpace(1);
  for (let i = 0; i < 50; i++) {
    space.map(mapping(100, 200));
    space.map(mapping(100, 200, { permissions: "r-xp" }));
  }
  assert.deepEqual(
    space.regions.map(({ kind, mappings, vanished }) => [kind, mappings, vanished]),
    [
      ["anon", 50, true],
      ["jit", 50, false],
    ],
  );
});

test("mappings that come and go, each another: the busiest are kept, the rest is summed up", () => {
  const space = new AddressSpace(1);
  space.map(mapping(1, 2, file));
  const rounds = 20_000;
  for (let i = 0; i < rounds; i++) {
    const start = 100_000 - i;
    space.map(mapping(start, 100_001, { permissions: i % 2 === 0 ? "rw-p" : "r--p" }));
    const region = space.find(start);
    for (let page = 0; page < (i === 9000 ? 64 : 1); page++) region?.fault(start + page, 1, i === 7);
  }
  assert.ok(space.regions.length <= 4096, `${space.regions.length} regions`);
  assert.equal(space.find(1)?.kind, "file");
  const sum = (count: (region: Region) => number): number =>
    space.regions.reduce((total, region) => total + count(region), 0);
  assert.deepEqual([sum(({ minor }) => minor), sum(({ major }) => major)], [rounds - 1 + 63, 1]);
  assert.equal(
    sum(({ mappings }) => mappings),
    rounds + 1,
  );
  const condensed = space.regions.find(({ name }) => name === "[vanished]");
  assert.deepEqual([condensed?.vanished, condensed?.kind], [true, "other"]);
  assert.equal(condensed?.absorbed.pages, condensed?.faults);
  assert.ok(
    space.regions.some(({ faults }) => faults === 64),
    "the busiest is still told of",
  );
});

test("faults where nothing is mapped any more: side by side they are one region, which gives way to what is mapped", () => {
  const space = new AddressSpace(1);
  space.map(mapping(10, 20));
  const first = space.lost(1000);
  assert.deepEqual([first.kind, first.name, first.start], ["unmapped", "unmapped", 1000 * PAGE]);
  assert.equal(space.lost(1003), first);
  assert.equal(space.lost(990), first);
  assert.equal(space.find(1001), first);
  assert.deepEqual([first.start, first.end], [990 * PAGE, 1004 * PAGE]);
  const other = space.lost(1100);
  assert.notEqual(other, first);
  assert.equal(space.find(1050), null);
  space.map(mapping(900, 1200));
  assert.equal(space.find(1001)?.kind, "anon");
  assert.deepEqual([first.vanished, other.vanished], [true, true]);
  assert.equal(space.regions.length, 4);
});

test("what munmap left behind without a word is forgotten, oldest first; what is asked for again may be learned", () => {
  const space = new AddressSpace(1);
  for (let i = 0; i < 100_000; i++) space.map(mapping(1e7 - 5 * i, 1e7 - 5 * i + 10));
  assert.equal(space.find(1e7 + 9), null);
  assert.equal(space.find(1e7 - 5 * 99_999)?.kind, "anon");
  assert.ok(space.regions.length <= 65_536 + 4096, `${space.regions.length} regions`);
});

test("a mapping over a part of another leaves the rest of it", () => {
  const space = new AddressSpace(1);
  space.map(mapping(100, 200, file));
  space.map(mapping(140, 160, { path: "/memfd:x", inode: 3 }));
  assert.equal(space.find(139)?.kind, "file");
  assert.equal(space.find(150)?.kind, "shmem");
  assert.equal(space.find(160)?.kind, "file");
  assert.equal(space.find(100)?.vanished, false);
});

test("a stack grows downward without a record of it, but not without end", () => {
  const space = new AddressSpace(1);
  space.map(mapping(10_000, 10_030, { path: "[stack]" }));
  assert.equal(space.find(9_990)?.kind, "stack");
  assert.equal(space.find(9_990)?.start, 9_990 * PAGE);
  assert.equal(space.find(100), null);
});

test("memory right above a guard page is a thread's stack", () => {
  const space = new AddressSpace(1);
  space.map(mapping(100, 101, { permissions: "---p" }));
  space.map(mapping(101, 2149));
  assert.equal(space.find(200)?.kind, "thread-stack");
});

test("a page between guards is too small for a thread's stack", () => {
  const space = new AddressSpace(1);
  space.map(mapping(100, 101, { permissions: "---p" }));
  space.map(mapping(101, 102));
  space.map(mapping(102, 103, { permissions: "---p" }));
  space.map(mapping(103, 107));
  assert.deepEqual([space.find(101)?.kind, space.find(103)?.kind], ["anon", "thread-stack"]);
});

test("exec leaves nothing; a fork has the same mappings with counts of its own", () => {
  const space = new AddressSpace(1);
  space.map(mapping(100, 200));
  space.find(100)?.fault(100, 1, false);
  const child = space.fork(2);
  assert.equal(child.find(100)?.faults, 0);
  assert.equal(child.find(100)?.pid, 2);
  space.clear();
  assert.equal(space.find(100), null);
  assert.equal(space.regions[0]?.vanished, true);
  assert.equal(child.find(100)?.vanished, false);
});

test("whatever is mapped over what, a page belongs to the last mapping that covered it", () => {
  const range = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 20 }), fc.constantFrom("/a", "/b", "/c"));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (ranges) => {
      const space = new AddressSpace(1);
      const expected = new Map<number, string>();
      for (const [start, length, path] of ranges) {
        space.map(mapping(start, start + length, { path, inode: path.charCodeAt(1), device: "fe:01" }));
        for (let page = start; page < start + length; page++) expected.set(page, path);
      }
      for (let page = 0; page < 90; page++)
        assert.equal(space.find(page)?.path ?? null, expected.get(page) ?? null);
    }),
  );
});
