import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { emptyEntry, type SmapsEntry } from "../../lib/procfs/smaps.ts";
import { readingOf } from "../../lib/wss/written.ts";
import type { WrittenMapping } from "../../lib/wss/wsscan.ts";

const KIB = 1024;

const entry = (start: number, end: number, more: Partial<SmapsEntry> = {}): SmapsEntry => ({
  ...emptyEntry({ start, end, permissions: "rw-p", offset: 0, device: "00:00", inode: 0, path: "" }),
  flags: "rd wr mr mw me uw",
  ...more,
});

const told = (start: number, end: number, more: Partial<WrittenMapping> = {}): WrittenMapping => ({
  type: "mapping",
  start: `0x${start.toString(16)}`,
  end: `0x${end.toString(16)}`,
  kind: "anon",
  low: 8 * KIB,
  high: 8 * KIB,
  ...more,
});

const sizes = (mappings: WrittenMapping[], entries: SmapsEntry[]) => {
  const { wss, low, high, anon, file, untracked } = readingOf(mappings, entries);
  return { wss, low, high, anon, file, untracked };
};

const NEW = { flags: "rd wr mr mw me", rss: 64 * KIB, anonymous: 64 * KIB };

test("what was written is told by its mapping, wherever the mapping begins now", () => {
  const entries = [entry(0x1000, 0x8000), entry(0x8000, 0x20000)];
  const { mappings } = readingOf([told(0x2000, 0x8000), told(0x8000, 0x9000)], entries);
  assert.deepEqual(
    mappings.map(({ mapping, wss }) => [mapping.start, wss]),
    [
      [0x1000, 8 * KIB],
      [0x8000, 8 * KIB],
    ],
  );
});

test("of shared pages that may only have been read none is guessed; of private ones all are", () => {
  const uncertain = { low: 4 * KIB, high: 12 * KIB };
  const shared = told(0x1000, 0x9000, { kind: "shared", ...uncertain });
  assert.deepEqual(sizes([shared], [entry(0x1000, 0x9000, { permissions: "rw-s", inode: 3 })]), {
    wss: 4 * KIB,
    low: 4 * KIB,
    high: 12 * KIB,
    anon: 0,
    file: 4 * KIB,
    untracked: 0,
  });
  const { wss, anon } = sizes([told(0x1000, 0x9000, uncertain)], [entry(0x1000, 0x9000)]);
  assert.deepEqual([wss, anon], [12 * KIB, 12 * KIB]);
});

test("a private mapping that is not registered is new: most probably written, nothing is certain", () => {
  assert.deepEqual(sizes([], [entry(0x1000, 0x20000, NEW)]), {
    wss: 64 * KIB,
    low: 0,
    high: 64 * KIB,
    anon: 64 * KIB,
    file: 0,
    untracked: 64 * KIB,
  });
});

test("anonymous memory that is new counts whatever its protection is now; a file that cannot be written never", () => {
  const high = (more: Partial<SmapsEntry>): number =>
    sizes([], [entry(0x1000, 0x20000, { ...NEW, ...more })]).high;
  assert.equal(high({ permissions: "r-xp" }), 64 * KIB);
  assert.equal(high({ permissions: "r-xp", inode: 9, path: "/lib/libc.so.6" }), 0);
  assert.equal(high({ permissions: "r--s", inode: 9, path: "/data" }), 0);
  assert.equal(high({ permissions: "r-xp", path: "[vdso]" }), 0);
});

test("a shared mapping that is not registered, and huge pages of hugetlbfs, are in high alone", () => {
  const shared = { ...NEW, permissions: "rw-s", inode: 9, hugetlb: 32 * KIB };
  const { wss, low, high, untracked } = sizes([], [entry(0x1000, 0x20000, shared)]);
  assert.deepEqual([wss, low, high, untracked], [0, 0, 96 * KIB, 96 * KIB]);
});

test("what was written and has no mapping any more still counts", () => {
  const { wss, low, high } = sizes([told(0x9000, 0xf000)], [entry(0x1000, 0x8000)]);
  assert.deepEqual([wss, low, high], [8 * KIB, 8 * KIB, 8 * KIB]);
});

test("low <= wss <= high, and the mappings add up, whatever is told", () => {
  const pages = fc.nat(1000).map((n) => n * 4 * KIB);
  const mappings = fc.array(
    fc.record({ kind: fc.constantFrom("anon", "copied", "shared"), low: pages, more: pages, at: fc.nat(40) }),
  );
  const entries = fc.array(fc.record({ rss: pages, registered: fc.boolean(), shared: fc.boolean() }));
  fc.assert(
    fc.property(mappings, entries, (some, others) => {
      const reading = readingOf(
        some
          .toSorted((a, b) => a.at - b.at)
          .map(({ kind, low, more, at }) =>
            told(at * 0x1000, at * 0x1000 + 0x1000, {
              kind: kind as WrittenMapping["kind"],
              low,
              high: low + more,
            }),
          ),
        others.map(({ rss, registered, shared }, i) =>
          entry(2 * i * 0x1000, (2 * i + 1) * 0x1000, {
            rss,
            anonymous: rss,
            permissions: shared ? "rw-s" : "rw-p",
            flags: registered ? "uw" : "",
          }),
        ),
      );
      const { low, wss, high, anon, file } = reading;
      assert.ok(low <= wss && wss <= high, `${low} ${wss} ${high}`);
      assert.equal(anon + file, wss);
      assert.equal(
        reading.mappings.reduce((sum, each) => sum + each.wss, 0),
        wss,
      );
      assert.equal(
        reading.mappings.reduce((sum, each) => sum + each.high, 0),
        high,
      );
    }),
  );
});
