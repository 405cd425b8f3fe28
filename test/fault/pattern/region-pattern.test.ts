import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RegionPattern } from "../../../lib/fault/pattern/region-pattern.ts";
import type { PatternVerdict } from "../../../lib/fault/pattern/verdict.ts";
import {
  interleaved,
  irregular,
  noisy,
  repeated,
  reversed,
  sequential,
  shuffled,
  strided,
  type Walk,
} from "./walks.ts";

const RUNS = { numRuns: Number(process.env.RUNS ?? 100) };
const seed = fc.integer();
const length = fc.integer({ min: 64, max: 3000 });

function verdictOf(walk: Walk, regionPages?: number, major = false, around = 1): PatternVerdict {
  const region = new RegionPattern();
  for (const page of walk) region.fault(page, 1, major);
  const size = regionPages ?? walk.reduce((most, page) => Math.max(most, page), 0) + 1;
  return region.verdict(size, around);
}

function expectPattern(walk: Walk, pattern: PatternVerdict["pattern"], regionPages?: number): PatternVerdict {
  const verdict = verdictOf(walk, regionPages);
  assert.equal(verdict.pattern, pattern, JSON.stringify(verdict));
  return verdict;
}

test("a walk upward is sequential, one downward reverse, with noise up to a fifth", () => {
  fc.assert(
    fc.property(length, fc.double({ min: 0, max: 0.2, noNaN: true }), seed, (n, share, s) => {
      expectPattern(noisy(sequential(n), share, n, s), "sequential");
      expectPattern(noisy(reversed(sequential(n)), share, n, s), "reverse");
    }),
    RUNS,
  );
});

test("without noise eight faults are enough, and the confidence grows with their number", () => {
  assert.equal(verdictOf(sequential(7)).pattern, null);
  assert.equal(verdictOf(sequential(8)).pattern, "sequential");
  assert.equal(verdictOf(reversed(sequential(8))).pattern, "reverse");
  assert.equal(verdictOf(strided(8, -5, 100)).stride, -5);
  assert.ok(verdictOf(sequential(8)).confidence < verdictOf(sequential(80)).confidence);
});

test("a constant step of more than a page is strided, and the step is told with its sign", () => {
  const step = fc.integer({ min: 2, max: 4096 });
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 3000 }),
      step,
      fc.boolean(),
      fc.double({ min: 0, max: 0.1, noNaN: true }),
      seed,
      (n, d, down, share, s) => {
        const walk = strided(n, d);
        const { stride } = expectPattern(noisy(down ? reversed(walk) : walk, share, n * d, s), "strided");
        assert.equal(stride, down ? -d : d);
      },
    ),
    RUNS,
  );
});

test("pages in no order are random, each once or with repetitions", () => {
  fc.assert(
    fc.property(length, fc.integer({ min: 1, max: 50 }), seed, (n, wide, s) => {
      expectPattern(shuffled(sequential(n), s), "random");
      expectPattern(shuffled(sequential(n * wide), s).slice(0, n), "random", n * wide);
    }),
    RUNS,
  );
});

test("walks at once in one thread are as many sequential streams, in turns or not", () => {
  const walks = fc.integer({ min: 2, max: 6 });
  fc.assert(
    fc.property(walks, fc.integer({ min: 100, max: 800 }), fc.option(seed, { nil: undefined }), (k, n, s) => {
      const parts = Array.from({ length: k }, (_, i) => sequential(n, i * (n + 50)));
      const { evidence } = expectPattern(interleaved(parts, s), "sequential");
      // by chance one of them ends before the others, after which there are fewer
      assert.ok(
        evidence.streams === k || (s !== undefined && evidence.streams === k - 1),
        `${evidence.streams}`,
      );
    }),
    RUNS,
  );
});

test("an upward and a downward walk at once are no random one", () => {
  const { pattern, evidence } = verdictOf(interleaved([sequential(500), strided(500, -1, 2000)]));
  assert.ok(pattern === "sequential" || pattern === "reverse");
  assert.equal(evidence.streams, 2);
});

test("strides at once that do not meet are strided", () => {
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 4096 }), fc.integer({ min: 100, max: 500 }), seed, (d, n, s) => {
      const { stride, evidence } = expectPattern(
        interleaved([strided(n, d), strided(n, d, d * (n + 3) + 7)], s),
        "strided",
      );
      assert.equal(stride, d);
      assert.equal(evidence.streams, 2);
    }),
    RUNS,
  );
});

test("strides at once that fill each other's gaps are sequential, even where one lags", () => {
  const anyLag = fc.integer({ min: 0, max: 20 });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 200, max: 700 }), anyLag, (k, n, lag) => {
      const parts = Array.from({ length: k }, (_, i) => strided(n, k, i));
      const late = parts.map((part, i) => [...strided(i * lag, 1, 1e6 + i * 1e5), ...part]);
      const walk = interleaved(late).filter((page) => page < 1e6);
      expectPattern(walk, "sequential");
    }),
    RUNS,
  );
});

test("column after column of a matrix is strided, although in the end no page is left out", () => {
  for (const columns of [4, 32, 100]) {
    const walk = sequential(columns).flatMap((column) => strided(150, columns, column));
    assert.equal(expectPattern(walk, "strided").stride, columns);
  }
});

test("threads that walk their parts at once are sequential, a stream each", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 30, max: 200 }), seed, (threads, n, s) => {
      const region = new RegionPattern();
      for (const page of interleaved(
        Array.from({ length: threads }, (_, i) => sequential(n, i * n)),
        s,
      ))
        region.fault(page, 1000 + Math.floor(page / n), false);
      const { pattern, evidence } = region.verdict(threads * n);
      assert.equal(pattern, "sequential");
      assert.equal(evidence.streams, threads);
    }),
    RUNS,
  );
});

test("threads that take page by page in turns are sequential", () => {
  for (const threads of [2, 3, 8]) {
    const region = new RegionPattern();
    for (let page = 0; page < 4000; page++) region.fault(page, page % threads, false);
    assert.equal(region.verdict(4000).pattern, "sequential");
  }
});

test("a file that is mapped around irregularly is sequential, never strided", () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 2000 }), fc.integer({ min: 2, max: 512 }), seed, (n, most, s) => {
      expectPattern(irregular(n, most, s), "sequential");
      expectPattern(reversed(irregular(n, most, s)), "reverse");
    }),
    RUNS,
  );
  const hops = repeated([16, 7, 30, 16, 16], 40);
  expectPattern(
    hops.map((_, i) => hops.slice(0, i).reduce((page, hop) => page + hop, 0)),
    "sequential",
  );
});

test("two irregular walks at once are two sequential streams", () => {
  const most = fc.integer({ min: 2, max: 512 });
  fc.assert(
    fc.property(
      most,
      fc.integer({ min: 100, max: 500 }),
      seed,
      fc.option(seed, { nil: undefined }),
      (m, n, s, turns) => {
        const far = irregular(n, m, s + 1).map((page) => page + 2 * m * n);
        const { evidence } = expectPattern(interleaved([irregular(n, m, s), far], turns), "sequential");
        assert.equal(evidence.streams, 2);
      },
    ),
    RUNS,
  );
});

test("up and down over the same pages again is thrashing, in phases of one order each", () => {
  const { pattern, phases } = verdictOf(repeated([...sequential(2560), ...reversed(sequential(2560))], 2));
  assert.equal(pattern, "thrashing");
  assert.deepEqual(new Set(phases.map(({ order }) => order)), new Set(["sequential", "reverse"]));
});

test("steps of what one fault maps are contiguous: fault-around, and huge pages", () => {
  assert.equal(verdictOf(strided(100, 16), 1600, false, 16).pattern, "sequential");
  assert.equal(verdictOf(strided(100, 512), 51200, false, 512).pattern, "sequential");
  assert.equal(verdictOf(strided(100, 1024), 102400, false, 512).pattern, "strided");
  const region = new RegionPattern();
  for (const page of strided(100, 512)) region.fault(page, 1, false, 512);
  assert.equal(region.verdict(51200).pattern, "sequential");
});

test("a constant step that is no power of two is a stride, where a fault maps its neighbours too", () => {
  for (const step of [3, 5, 12, 15]) {
    const { pattern, stride } = verdictOf(strided(100, step), 1600, false, 16);
    assert.deepEqual([pattern, stride], ["strided", step]);
  }
  for (const step of [1, 2, 4, 8]) {
    assert.equal(verdictOf(strided(100, step), 1600, false, 16).pattern, "sequential");
  }
});

test("the same pages again are thrashing, and the walk beneath stays", () => {
  fc.assert(
    fc.property(fc.integer({ min: 64, max: 1000 }), fc.integer({ min: 3, max: 8 }), seed, (n, passes, s) => {
      const walks = {
        sequential: sequential(n),
        reverse: reversed(sequential(n)),
        random: shuffled(sequential(n), s),
      };
      for (const [order, walk] of Object.entries(walks)) {
        const verdict = expectPattern(repeated(walk, passes), "thrashing");
        assert.equal(verdict.order, order);
        assert.equal(verdict.pages, n);
        assert.equal(verdict.refaults, n * (passes - 1));
        const distance = verdict.evidence.refaultDistance ?? 0;
        assert.ok(distance > n / 1.5 && distance < n * 1.5, `${distance} for ${n}`);
      }
    }),
    RUNS,
  );
});

test("two passes of major faults are thrashing: no upgrade is major", () => {
  const verdict = verdictOf(repeated(sequential(100), 2), 100, true);
  assert.equal(verdict.pattern, "thrashing");
  assert.equal(verdict.refaults, 100);
});

test("first writes after reads, and copies after fork, are upgrades and no refaults", () => {
  const region = new RegionPattern();
  const pass = () => sequential(300).forEach((page) => void region.fault(page, 1, false));
  pass();
  pass();
  for (let fork = 0; fork < 3; fork++) {
    region.forked();
    pass();
  }
  const { pattern, refaults, evidence } = region.verdict(300);
  assert.deepEqual([pattern, refaults, evidence.upgrades], ["sequential", 0, 1200]);
  const twice = verdictOf(sequential(300).flatMap((page) => [page, page]));
  assert.deepEqual([twice.pattern, twice.refaults, twice.evidence.upgrades], ["sequential", 0, 300]);
});

test("few pages of a large region in no order are sparse; in order they are not", () => {
  const pages = shuffled(strided(200, 5003), 7).map((page, i) => page + ((i * 37) % 4001));
  expectPattern(pages, "sparse", 1 << 20);
  expectPattern(
    [...pages].sort((a, b) => a - b),
    "sequential",
    1 << 20,
  );
});

test("first sequential, then random: two phases", () => {
  const { phases } = verdictOf([...sequential(5120), ...shuffled(sequential(5120, 5120), 3)]);
  assert.deepEqual(
    phases.map(({ from, to, pattern }) => [from, to, pattern]),
    [
      [0, 5120, "sequential"],
      [5120, 10240, "random"],
    ],
  );
});

test("a long run has at most 64 phases, which leave nothing out", () => {
  const walk = repeated([...sequential(400), ...shuffled(sequential(400), 1)], 100);
  const { phases } = verdictOf(walk);
  assert.ok(phases.length <= 64);
  phases.forEach((phase, i) => void assert.equal(phase.from, phases[i - 1]?.to ?? 0));
  assert.equal(phases.at(-1)?.to, walk.length);
});

test("without faults there is no verdict", () => {
  const { pattern, order, confidence, pages, phases } = new RegionPattern().verdict(100);
  assert.deepEqual([pattern, order, confidence, pages, phases], [null, null, 0, 0, []]);
});
