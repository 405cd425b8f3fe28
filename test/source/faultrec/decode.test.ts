import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ACCESSES, accessOf } from "../../../lib/fault/types.ts";
import { FAULT } from "../../../lib/source/stream/batch.ts";
import { fixture } from "../cuts.ts";
import { of, type Recording, read } from "./recording.ts";

const FIXTURES = ["faultrec", "faultrec-access", "faultrec-chains", "faultrec-follow"];
const bytesOf = (name: string): Buffer => fixture(`helpers/${name}.bin`);

for (const name of FIXTURES) {
  test(`${name}.bin gives the same faults and events wherever the stream is cut`, () => {
    const bytes = bytesOf(name);
    const whole = read(bytes);
    for (const piece of [1, 3, 7, 24, 4096]) assert.deepEqual(read(bytes, piece), whole, `${piece} bytes`);
  });

  test(`${name}.bin begins ready, ends with counts that balance, in the order of time`, () => {
    const { faults, events } = read(bytesOf(name));
    assert.equal(events[0]?.type, "ready");
    const end = events.at(-1);
    assert.ok(end?.type === "end");
    const major = faults.filter(({ flags }) => (flags & FAULT.major) !== 0).length;
    assert.deepEqual(
      [end.minor, end.major].map(({ counted, told, foreign, lost }) => [counted, told, foreign, lost]),
      [faults.length - major, major].map((told) => [told, told, 0, 0]),
    );
    const times = faults.map(({ time }) => time);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
    assert.ok((times[0] ?? 0) > 0, "the held program faults after ready");
  });

  test(`${name}.bin that ends anywhere tells what was whole, and that it ends too soon`, () => {
    const bytes = bytesOf(name);
    const whole = read(bytes);
    for (let end = 0; end < bytes.length; end++) {
      const { faults, events } = read(bytes.subarray(0, end));
      assert.equal(events.at(-1)?.type, "damaged", `cut at ${end}`);
      assert.deepEqual(events.slice(0, -1), whole.events.slice(0, events.length - 1), `cut at ${end}`);
      assert.ok(faults.length <= whole.faults.length);
    }
  });

  test(`${name}.bin damaged at any byte gives records or a damaged event, never an exception`, () => {
    const bytes = bytesOf(name);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      assertDelimited(read(damaged, 1000), `byte ${at}`);
    }
  });
}

/** It ends with its end record, or says where it cannot be read on. */
function assertDelimited({ events }: Recording, message: string): void {
  const kinds = events.map(({ type }) => type);
  const last = kinds.at(-1);
  assert.ok(last === "end" || last === "damaged", message);
  assert.equal(kinds.filter((type) => type === "damaged").length, last === "damaged" ? 1 : 0, message);
}

test("bytes that are no recording give one damaged event, at the first byte", () => {
  for (const text of ["", "PERFILE2", "{}\n", "\0\0\0\0\0\0\0\0"]) {
    const { faults, events } = read(Buffer.from(text));
    assert.equal(faults.length, 0);
    assert.deepEqual([events.length, events[0]?.type], [1, "damaged"], JSON.stringify(text));
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => assertDelimited(read(bytes), "")));
});

test("a recording of another format version is refused by name", () => {
  const bytes = Buffer.from(bytesOf("faultrec"));
  bytes.writeUInt32LE(2, 24);
  assert.deepEqual(read(bytes).events, [
    { type: "damaged", offset: 0, reason: "format version 2, expected 1" },
  ]);
});

test("nothing may follow the end record", () => {
  const bytes = bytesOf("faultrec");
  const { events } = read(Buffer.concat([bytes, bytes]));
  assert.deepEqual(events.at(-1), { type: "damaged", offset: bytes.length, reason: "it begins again" });
});

test("touch: 61 pages one after another, each once, in the mapping that was told before, by one thread", () => {
  const { faults, events } = read(bytesOf("faultrec"));
  // the kernel tells the VMA: one that the new mapping was merged into is larger
  const mapping = of(events, "mmap").findLast(({ path, end, start }) => {
    return path === "//anon" && end - start >= 61 * 4096 && end - start < 80 * 4096;
  });
  assert.ok(mapping);
  const first = mapping.start / 4096;
  const within = faults.filter(({ page }) => page >= first && page < first + 61);
  assert.deepEqual(
    within.map(({ page }) => page - first),
    Array.from({ length: 61 }, (_, i) => i),
  );
  assert.ok(within.every(({ time }) => time > mapping.time));
  assert.equal(new Set(within.map(({ tid }) => tid)).size, 1);
  assert.equal(new Set(within.map(({ ip }) => ip)).size, 1, "one instruction touches them");
});

test("the exec of the held command is told by name, with the mappings of its file", () => {
  const { events } = read(bytesOf("faultrec"));
  assert.deepEqual(
    of(events, "comm").map(({ comm, exec }) => [comm, exec]),
    [["known", true]],
  );
  const code = of(events, "mmap").filter(({ path, protection }) => path.endsWith("/known") && protection & 4);
  assert.equal(code.length, 1);
  assert.match(code[0]?.device ?? "", /^[0-9a-f]{2}:[0-9a-f]{2}$/);
  assert.equal(of(events, "exit").length, 1);
});

test("-P and -s: each fault has its physical page, and a chain that begins where it happened in user space", () => {
  const { faults } = read(bytesOf("faultrec-chains"));
  for (const { physical, pageSize, flags, ip, chain } of faults) {
    assert.ok(physical !== null);
    assert.equal(pageSize, 4096);
    if ((flags & FAULT.kernel) === 0) assert.equal(chain?.[0], ip);
  }
  const placed = new Set(faults.map(({ physical }) => Math.floor(Number(physical) / 4096)));
  assert.ok(placed.size > 100, "most faults have a page of their own");
  const kernel = faults.filter(({ flags }) => (flags & FAULT.kernel) !== 0);
  assert.ok(kernel.length >= 61, "read(2) faults in kernel mode");
});

test("-l -t: each fault has its latency and its access, and each entry is completed, failed or open", () => {
  const { faults, events } = read(bytesOf("faultrec-access"));
  const end = events.at(-1);
  assert.ok(end?.type === "end" && end.entries !== null);
  const { told, failed, open, lost } = end.entries;
  assert.deepEqual([lost, open], [0, 0]);
  assert.equal(told, faults.length + failed);
  assert.ok(faults.every(({ latency }) => Number(latency) > 0));
  // 61 pages of one mapping, written twice: first by themselves, then as the child had them too
  const accesses = faults.map(({ flags }) => ACCESSES[accessOf(flags)]);
  assert.ok(accesses.every((access) => access !== undefined));
  const copied = faults.filter((_, i) => accesses[i] === "copyOnWrite").map(({ page }) => page);
  const written = new Set(faults.filter((_, i) => accesses[i] === "write").map(({ page }) => page));
  const both = copied.filter((page) => written.has(page));
  assert.ok(both.length >= 61, String(both.length));
  assert.ok(accesses.includes("read") && accesses.includes("execute"), "its file was mapped and run");
});

test("a latency with all bits set is not known", () => {
  const bytes = Buffer.from(bytesOf("faultrec-access"));
  let at = 0;
  while (bytes.readUInt8(at) !== 2) at += bytes.readUInt16LE(at + 2);
  const [first] = read(bytes).faults;
  assert.equal(first?.latency, Number(bytes.readBigUInt64LE(at + 40)));
  bytes.fill(0xff, at + 40, at + 48);
  assert.ok(Number.isNaN(read(bytes).faults[0]?.latency));
});

test("-f -n: the child's faults are told after its fork, and none has an instruction", () => {
  const { faults, events } = read(bytesOf("faultrec-follow"));
  const [fork] = of(events, "fork");
  assert.ok(fork && fork.pid !== fork.parentPid);
  const child = faults.filter(({ pid }) => pid === fork.pid);
  assert.ok(child.length > 0 && child.every(({ time }) => time > fork.time));
  assert.ok(faults.every(({ ip }) => ip === null));
  assert.equal(of(events, "exit").length, 2);
});
