import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AddressSpace } from "../../../lib/fault/map/address-space.ts";
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

test("another file of the same name is another region", () => {
  const space = new AddressSpace(1);
  space.map(mapping(100, 200, file));
  space.map(mapping(200, 210, { ...file, inode: 8 }));
  assert.notEqual(space.find(150), space.find(205));
});

test("anonymous memory that grows is the same; of the same extent again it is new, and the old one has vanished", () => {
  const space = new AddressSpace(1);
  space.map(mapping(100, 200));
  const first = space.find(150);
  space.map(mapping(100, 300));
  assert.equal(space.find(150), first);
  assert.equal(space.find(250), first);
  space.map(mapping(100, 300));
  assert.notEqual(space.find(150), first);
  assert.equal(first?.vanished, true);
  assert.equal(space.find(150)?.vanished, false);
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
