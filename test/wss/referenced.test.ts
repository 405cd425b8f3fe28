import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { emptyEntry, type SmapsEntry } from "../../lib/procfs/smaps.ts";
import { readingOf } from "../../lib/wss/referenced.ts";

const MIB = 1 << 20;

const MAPPING = {
  start: 0x1000,
  end: 0x2000,
  permissions: "rw-p",
  offset: 0,
  device: "00:00",
  inode: 0,
  path: "",
};

const entry = (sizes: Partial<SmapsEntry>): SmapsEntry => ({ ...emptyEntry(MAPPING), ...sizes });

const read = (sizes: Partial<SmapsEntry>, flushed = true) => {
  const { wss, low, high, anon, file, untracked } = readingOf([entry(sizes)], flushed);
  return { wss, low, high, anon, file, untracked };
};

/** Of each mapping, what the processor may have looked at by itself: 8 pages, or 1 of 64. */
const AHEAD = 8 * 4096;

test("anonymous pages are certain, but for those that the processor may have looked at ahead", () => {
  assert.deepEqual(read({ rss: 8 * MIB, anonymous: 8 * MIB, referenced: 3 * MIB }), {
    wss: 3 * MIB,
    low: 3 * MIB - 12 * 4096,
    high: 3 * MIB,
    anon: 3 * MIB,
    file: 0,
    untracked: 0,
  });
});

test("of a huge page at least one small page was touched, at most all of it", () => {
  const { low, high } = read({
    rss: 80 * MIB,
    anonymous: 80 * MIB,
    anonHuge: 80 * MIB,
    referenced: 40 * MIB,
  });
  assert.deepEqual([low, high], [20 * 4096 - AHEAD, 40 * MIB]);
});

test("memory that may have huge pages is taken for such: mapped by small ones they are not told apart", () => {
  const sizes = { rss: 80 * MIB, anonymous: 80 * MIB, referenced: 40 * MIB };
  assert.equal(read({ ...sizes, hugeEligible: true }).low, 20 * 4096 - AHEAD);
  assert.equal(read(sizes).low, 40 * MIB - (40 * MIB) / 64);
});

test("pages of files may have been marked by others: they are in high alone", () => {
  const { wss, low, high, anon, file } = read({ rss: 8 * MIB, referenced: 3 * MIB, inode: 7, path: "/x" });
  assert.deepEqual([wss, low, high, anon, file], [3 * MIB, 0, 3 * MIB, 0, 3 * MIB]);
});

test("where a mapping has copies and file pages, only what cannot be a file's is anonymous for certain", () => {
  const { low, anon, file } = read({ rss: 8 * MIB, anonymous: 5 * MIB, referenced: 4 * MIB });
  assert.deepEqual([low, anon, file], [MIB - AHEAD, MIB, 3 * MIB]);
});

test("without a flush the TLB may hide everything; hugetlb cannot be told at all", () => {
  assert.equal(read({ rss: 8 * MIB, anonymous: 8 * MIB, referenced: MIB }, false).high, 8 * MIB);
  const { high, untracked, low } = read({ hugetlb: 4 * MIB });
  assert.deepEqual([low, high, untracked], [0, 4 * MIB, 4 * MIB]);
});

test("low <= wss <= high, and anon + file = wss, whatever smaps says", () => {
  const size = fc.nat(4 * MIB).map((bytes) => bytes - (bytes % 4096));
  const sizes = fc.record({ rss: size, referenced: size, anonymous: size, anonHuge: size, hugetlb: size });
  fc.assert(
    fc.property(sizes, fc.boolean(), (some, flushed) => {
      const rss = Math.max(some.rss, some.referenced, some.anonymous, some.anonHuge);
      const { wss, low, high, anon, file } = read({ ...some, rss }, flushed);
      assert.ok(low <= wss && wss <= high, `${low} ${wss} ${high}`);
      assert.equal(anon + file, wss);
    }),
  );
});
