import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { emptyEntry, type SmapsEntry } from "../../lib/procfs/smaps.ts";
import { readingOf as damonReading, type Piece } from "../../lib/wss/damon.ts";
import { type IdleMapping, readingOf as idleReading } from "../../lib/wss/idle.ts";
import type { Reading } from "../../lib/wss/method.ts";
import { type DirtyMapping, readingOf as dirtyReading } from "../../lib/wss/softdirty.ts";

const PAGE = 4096;
const HUGE = 512 * PAGE;

const entry = (start: number, end: number, more: Partial<SmapsEntry> = {}): SmapsEntry => ({
  ...emptyEntry({ start, end, permissions: "rw-p", offset: 0, device: "00:00", inode: 0, path: "" }),
  rss: end - start,
  ...more,
});

const hex = (address: number): string => `0x${address.toString(16)}`;
const line = (start: number, end: number) => ({
  type: "mapping" as const,
  start: hex(start),
  end: hex(end),
});

const sizes = ({ wss, low, high, anon, file, untracked }: Reading) => ({
  wss,
  low,
  high,
  anon,
  file,
  untracked,
});

const idleLine = (start: number, end: number, more: Partial<IdleMapping>): IdleMapping => ({
  ...line(start, end),
  touched: 0,
  low: 0,
  high: 0,
  anon: 0,
  untracked: 0,
  ...more,
});

test("idle: what the helper tells is the reading; without a flush the TLB may hide all that is resident", () => {
  const told = [
    idleLine(0x1000, 0x9000, {
      touched: 3 * PAGE,
      low: PAGE,
      high: 4 * PAGE,
      anon: 2 * PAGE,
      untracked: PAGE,
    }),
  ];
  const entries = [entry(0x1000, 0x9000), entry(0x10000, 0x12000)];
  const expected = {
    wss: 3 * PAGE,
    low: PAGE,
    high: 4 * PAGE,
    anon: 2 * PAGE,
    file: PAGE,
    untracked: PAGE,
  };
  assert.deepEqual(sizes(idleReading(told, entries, true)), expected);
  assert.deepEqual(sizes(idleReading(told, entries, false)), { ...expected, high: 10 * PAGE });
});

test("what was told of a mapping that has gone, grown or split is still counted, once", () => {
  const told = [
    idleLine(0x1000, 0x3000, { touched: PAGE, low: PAGE, high: PAGE, anon: PAGE }),
    idleLine(0x5000, 0x9000, { touched: 2 * PAGE, low: PAGE, high: 2 * PAGE, anon: PAGE }),
    idleLine(0x20000, 0x21000, { touched: PAGE, low: PAGE, high: PAGE, anon: PAGE }),
  ];
  const reading = idleReading(told, [entry(0x1000, 0x4000), entry(0x4000, 0xa000)], true);
  assert.deepEqual(
    reading.mappings.map(({ mapping, wss }) => [mapping.start, wss]),
    [
      [0x1000, PAGE],
      [0x4000, 2 * PAGE],
      [0x20000, PAGE],
    ],
  );
  assert.equal(reading.wss, 4 * PAGE);
});

const dirtyLine = (start: number, end: number, more: Partial<DirtyMapping>): DirtyMapping => ({
  ...line(start, end),
  written: 0,
  huge: 0,
  anon: 0,
  ...more,
});

test("softdirty: of a huge page one write is known, wherever that comes from", () => {
  const sized = { written: HUGE + 3 * PAGE, anon: HUGE + 3 * PAGE };
  const low = (huge: number | null, more: Partial<SmapsEntry>) =>
    dirtyReading([dirtyLine(0, 4 * HUGE, { ...sized, huge })], [entry(0, 4 * HUGE, more)], true).low;
  assert.equal(low(HUGE, {}), 4 * PAGE);
  assert.equal(low(null, { anonHuge: HUGE }), 4 * PAGE, "where the kernel does not tell, smaps bounds it");
  assert.equal(low(0, { anonHuge: HUGE }), HUGE + 3 * PAGE);
});

test("softdirty: of a mapping that is new nothing is certain, unless the kernel tells its pages", () => {
  const told = [dirtyLine(0x1000, 0x9000, { written: 8 * PAGE, anon: 8 * PAGE })];
  const entries = [entry(0x1000, 0x9000, { flags: "rd wr mr mw me ac sd" })];
  const { low, wss, high } = dirtyReading(told, entries, false);
  assert.deepEqual([low, wss, high], [0, 8 * PAGE, 8 * PAGE]);
  assert.equal(dirtyReading(told, entries, true).low, 8 * PAGE);
  assert.equal(dirtyReading(told, [entry(0x1000, 0x9000, { flags: "rd wr" })], false).low, 8 * PAGE);
});

test("softdirty: hugetlb pages have no marks: untracked, in high alone", () => {
  const told = [dirtyLine(0, HUGE, { written: HUGE, anon: HUGE })];
  const reading = dirtyReading(told, [entry(0, HUGE, { rss: 0, hugetlb: HUGE })], true);
  assert.deepEqual(sizes(reading), { wss: 0, low: 0, high: HUGE, anon: 0, file: 0, untracked: HUGE });
});

const piece = (start: number, end: number, hit: boolean): Piece => ({ ...line(start, end), hit });

test("damon: a page found stands for its piece; certain is that page, and the RSS", () => {
  const entries = [entry(0x1000, 0x11000), entry(0x20000, 0x30000, { inode: 7, path: "/lib/x" })];
  const pieces = [piece(0x1000, 0x9000, true), piece(0x9000, 0x11000, false), piece(0x20000, 0x30000, true)];
  assert.deepEqual(sizes(damonReading(pieces, entries)), {
    wss: 24 * PAGE,
    low: PAGE, // files may have been read by others
    high: 32 * PAGE,
    anon: 8 * PAGE,
    file: 16 * PAGE,
    untracked: 0,
  });
});

test("damon: a piece with holes never counts more than is resident", () => {
  const { wss, high } = damonReading(
    [piece(0x1000, 0x101000, true)],
    [entry(0x1000, 0x101000, { rss: 5 * PAGE })],
  );
  assert.deepEqual([wss, high], [5 * PAGE, 5 * PAGE]);
});

test("low <= wss <= high, and the mappings add up, whatever is told", () => {
  const pages = fc.nat(64);
  const mapping = fc.record({ at: fc.nat(30), touched: pages, low: pages, extra: pages, huge: pages });
  fc.assert(
    fc.property(fc.array(mapping), fc.boolean(), (some, flag) => {
      const sorted = some.toSorted((a, b) => a.at - b.at);
      const entries = Array.from({ length: 10 }, (_, i) => entry(2 * i * 0x1000, (2 * i + 1) * 0x1000));
      const at = (each: { at: number }): [number, number] => [each.at * 0x1000, (each.at + 1) * 0x1000];
      const idle = sorted.map((each) => {
        const touched = each.touched * PAGE;
        const untracked = each.extra * PAGE;
        const low = Math.min(each.low, each.touched) * PAGE;
        return idleLine(...at(each), { touched, low, high: touched + untracked, anon: low, untracked });
      });
      const dirty = sorted.map((each) => {
        const written = each.touched * PAGE;
        const huge = Math.min(each.huge, each.touched) * PAGE;
        return dirtyLine(...at(each), { written, huge, anon: huge });
      });
      const pieces = sorted.map((each) => piece(...at(each), flag));
      const readings = [
        idleReading(idle, entries, flag),
        dirtyReading(dirty, entries, flag),
        damonReading(pieces, entries),
      ];
      for (const { low, wss, high, anon, file, mappings } of readings) {
        assert.ok(low <= wss && wss <= high, `${low} ${wss} ${high}`);
        assert.equal(anon + file, wss);
        assert.equal(
          mappings.reduce((sum, each) => sum + each.wss, 0),
          wss,
        );
        for (const each of mappings) assert.ok(each.low <= each.wss && each.wss <= each.high);
      }
    }),
  );
});
