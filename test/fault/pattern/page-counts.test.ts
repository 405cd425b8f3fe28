import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PageCounts } from "../../../lib/fault/pattern/page-counts.ts";
import { RegionPattern } from "../../../lib/fault/pattern/region-pattern.ts";

const page = fc.integer({ min: 0, max: 40 });

test("counts by page tell the pages and refaults that the faults tell one by one, and no more", () => {
  fc.assert(
    fc.property(fc.array(page, { minLength: 1, maxLength: 200 }), fc.boolean(), (pages, major) => {
      const ordered = new RegionPattern();
      for (const each of pages) ordered.fault(each, 7, major);
      const counts = new PageCounts();
      for (const each of new Set(pages))
        counts.fault(each, major, pages.filter((other) => other === each).length);
      const expected = ordered.verdict(100);
      const verdict = counts.verdict();
      const { upgrades, refaultShare, touchedShare } = expected.evidence;
      assert.deepEqual(verdict, {
        ...{ pattern: null, order: null, stride: null, confidence: 0, phases: [] },
        evidence: {
          ...{ steps: null, fitting: null, up: null, streams: null, refaultDistance: null },
          ...{ upgrades, refaultShare, touchedShare },
        },
        ...{ pages: expected.pages, refaults: expected.refaults, exact: true },
      });
    }),
  );
});

test("a copy after fork is no refault", () => {
  const counts = new PageCounts();
  for (const written of [1, 2, 3]) counts.fault(written, false, 1);
  counts.forked();
  for (const written of [1, 2, 3]) counts.fault(written, false, 1);
  const { refaults, evidence } = counts.verdict();
  assert.deepEqual([refaults, evidence.upgrades], [0, 3]);
});
