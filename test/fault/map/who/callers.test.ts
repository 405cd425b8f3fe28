import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { foldedLine } from "../../../../lib/fault/map/folded.ts";
import { Region } from "../../../../lib/fault/map/region.ts";
import { Callers } from "../../../../lib/fault/map/who/callers.ts";
import { Counts, PairTable } from "../../../../lib/fault/map/who/pair-table.ts";
import { OTHER_SITE, SITES_MOST, UNKNOWN_SITE } from "../../../../lib/fault/map/who/sites.ts";
import type { CodeMapping } from "../../../../lib/symbols/place.ts";

const PAGE = 4096;
type Mapped = CodeMapping & { permissions: string };

const code = (start: number, end: number, path: string, inode = 1): Mapped => ({
  ...{ start, end, offset: 0, inode, path, permissions: "r-xp" },
});

function region(): Region {
  return new Region(1, {
    start: 0,
    end: PAGE,
    permissions: "rw-p",
    offset: 0,
    device: "",
    inode: 0,
    path: "",
  });
}

/** Callers in mappings that the test may change. */
function callersIn(mappings: Mapped[], stacks = false) {
  const held: string[] = [];
  const callers = new Callers(
    (page) => mappings.find(({ start, end }) => page * PAGE >= start && page * PAGE < end) ?? null,
    { stacks, hold: ({ path }) => void held.push(path) },
  );
  return { callers, held };
}

test("pairs are numbered as a map would", () => {
  const pair = fc.tuple(
    fc.integer({ min: -5, max: 5 }),
    fc.oneof(fc.integer(), fc.integer({ min: 0, max: 9 })),
  );
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 400 }), (pairs) => {
      const table = new PairTable(1000);
      const expected = new Map<string, number>();
      for (const [a, b] of pairs) {
        assert.equal(table.find(a, b), expected.get(`${a} ${b}`) ?? -1);
        const number = expected.get(`${a} ${b}`) ?? expected.size;
        expected.set(`${a} ${b}`, number);
        assert.equal(table.of(a, b), number);
        assert.deepEqual([table.first(number), table.second(number)], [a, b]);
      }
      assert.equal(table.size, expected.size);
    }),
  );
});

test("a full table numbers no new pair, and still knows the old ones; forgotten ones are numbered anew", () => {
  const table = new PairTable(3);
  assert.deepEqual([table.of(1, 1), table.of(2, 2)], [0, 1]);
  table.forget((number) => number === 0);
  assert.deepEqual([table.find(1, 1), table.of(1, 1), table.find(2, 2)], [-1, 2, 1]);
  assert.deepEqual([table.of(9, 9), table.of(2, 2)], [-1, 1]);
});

test("counts grow with the number", () => {
  const counts = new Counts();
  for (const number of [0, 1_000_000, 1_000_000]) counts.add(number);
  assert.deepEqual([counts.of(0), counts.of(1_000_000), counts.of(7), counts.of(5_000_000)], [1, 2, 0, 0]);
});

test("faults are counted by instruction, kind and region", () => {
  const { callers, held } = callersIn([code(0x1000, 0x3000, "/a"), code(0x8000, 0x9000, "/b")]);
  const [one, two] = [region(), region()];
  callers.fault(0x1010, one, false);
  callers.fault(0x1010, one, true);
  callers.fault(0x1010, two, false);
  callers.fault(0x8004, two, false);
  callers.fault(-0x7f000000, two, false);
  callers.fault(0x1010, one, false);
  assert.deepEqual(
    callers.counts().map(({ site, ...count }) => ({ ...callers.sites.places[site], ...count })),
    [
      {
        address: 0x1010,
        mapping: { start: 0x1000, end: 0x3000, offset: 0, inode: 1, path: "/a" },
        minor: 3,
        major: 1,
        regions: [
          [one.id, 3],
          [two.id, 1],
        ],
      },
      {
        address: 0x8004,
        mapping: { start: 0x8000, end: 0x9000, offset: 0, inode: 1, path: "/b" },
        minor: 1,
        major: 0,
        regions: [[two.id, 1]],
      },
      { address: -0x7f000000, mapping: null, minor: 1, major: 0, regions: [[two.id, 1]] },
    ],
  );
  assert.deepEqual(held, ["/a", "/b"], "each file is told once, when it is first seen");
});

test("an address belongs to what was mapped there when it faulted", () => {
  const mappings = [code(0x1000, 0x3000, "/old")];
  const { callers } = callersIn(mappings);
  callers.fault(0x1010, region(), false);
  callers.mapped(code(0x1000, 0x3000, "/old"));
  callers.fault(0x1010, region(), false);
  mappings[0] = code(0x1000, 0x3000, "/new", 2);
  callers.mapped(mappings[0]);
  callers.fault(0x1010, region(), false);
  mappings[0] = code(0x1000, 0x3000, "/after exec", 3);
  callers.clear();
  callers.fault(0x1010, region(), false);
  assert.deepEqual(
    callers.counts().map(({ site, minor }) => [callers.sites.places[site]?.mapping?.path, minor]),
    [
      ["/old", 2],
      ["/new", 1],
      ["/after exec", 1],
    ],
  );
});

test("more instructions than are told apart are counted as one", () => {
  const { callers } = callersIn([code(0, 2 ** 32, "/a")]);
  const one = region();
  for (let i = 0; i < SITES_MOST + 10; i++) callers.fault(16 * i, one, false);
  const counts = callers.counts();
  assert.equal(counts.find(({ site }) => site === OTHER_SITE)?.minor, 10);
  assert.equal(
    counts.reduce((sum, { minor }) => sum + minor, 0),
    SITES_MOST + 10,
  );
});

/** Chains as the recorder tells them: innermost first, where each call returns to. */
function stacks(callers: Callers, faults: { ip: number; chain: number[] }[]): [number[], number][] {
  for (const { ip, chain } of faults) callers.tree?.add(ip, Float64Array.from(chain), 0, chain.length, false);
  const { places } = callers.sites;
  return [...(callers.tree?.chains() ?? [])].map(({ sites, minor }) => [
    sites.map((site) => (site < 0 ? site : (places[site]?.address ?? Number.NaN))),
    minor,
  ]);
}

test("chains that are alike are one; a caller is where it called, not where that returns to", () => {
  const { callers } = callersIn([code(0x1000, 0x9000, "/a")], true);
  const user = { ip: 0x1500, chain: [0x1500, 0x2001, 0x3001] };
  const kernel = { ip: -4096, chain: [0x2001, 0x3001] };
  assert.deepEqual(stacks(callers, [user, user, kernel, { ip: 0x1500, chain: [] }, user]), [
    [[0x3000, 0x2000, 0x1500], 3],
    [[0x3000, 0x2000, -4096], 1],
    [[0x1500], 1],
  ]);
});

test("where a chain leads nowhere there is one unknown link, whatever stands there", () => {
  const { callers } = callersIn(
    [code(0x1000, 0x9000, "/a"), { ...code(0xa000, 0xb000, "/data"), permissions: "rw-p" }],
    true,
  );
  const faults = [1, 2, 3].map((i) => ({ ip: 0x1500, chain: [0x1500, 0x2001, 0xa000 + i, 0, 77 * i] }));
  assert.deepEqual(stacks(callers, faults), [[[UNKNOWN_SITE, 0x2000, 0x1500], 3]]);
  assert.equal(callers.sites.places.length, 2, "they take no room");
});

test("whatever comes, the tree counts each chain as often as it came", () => {
  const mappings = [code(0x1000, 0x9000, "/a")];
  const link = fc.integer({ min: 1, max: 7 }).map((n) => n * 0x1000 + 0x11);
  fc.assert(
    fc.property(fc.array(fc.array(link, { minLength: 1, maxLength: 5 }), { maxLength: 60 }), (chains) => {
      const expected = new Map<string, number>();
      for (const chain of chains) {
        const [ip = 0, ...calls] = chain;
        const key = [...calls.map((call) => call - 1).reverse(), ip].join();
        expected.set(key, (expected.get(key) ?? 0) + 1);
      }
      const { callers } = callersIn(mappings, true);
      const got = stacks(
        callers,
        chains.map((chain) => ({ ip: chain[0] ?? 0, chain })),
      );
      assert.deepEqual(new Map(got.map(([sites, count]) => [sites.join(), count])), expected);
    }),
  );
});

test("folded: a line of names, none of which can part it, break it, or be taken for the count", () => {
  const line = (comm: string, ...frames: string[]) =>
    foldedLine({ type: "stack", pid: 1, comm, frames, minor: 3, major: 4 });
  assert.equal(line("my app", "main", "operator new", "a;b\nc"), "my_app;main;operator new;a:b?c 7");
  assert.equal(line("x", "LazyCompile:*f /a.js 12"), "x;LazyCompile:*f /a.js_12 7");
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.array(fc.string({ unit: "binary" }), { minLength: 1 }),
      (comm, frames) => {
        const [, stack = "", count] = /^(.*) (\d+)$/.exec(line(comm, ...frames)) ?? [];
        assert.equal(count, "7");
        assert.equal(stack.split(";").length, frames.length + 1);
        assert.doesNotMatch(stack, /\s\d+(?:\.\d*)?$|\n/);
      },
    ),
  );
});
