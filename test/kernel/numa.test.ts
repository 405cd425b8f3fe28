import assert from "node:assert/strict";
import { test } from "node:test";
import { hasSeveralNodes, nodeOf, parseZoneInfo, readNodeRanges } from "../../lib/kernel/numa.ts";

/** Two nodes; the second one's memory lies within what the first one's zone reaches over. */
const TEXT = `Node 0, zone      DMA
  per-node stats
      nr_inactive_anon 5
  pages free     3840
        spanned  4095
        present  3998
  start_pfn:           1
Node 0, zone    Normal
  pages free     3840
        spanned  1000
  start_pfn:           4096
Node 1, zone    Normal
        spanned  500
  start_pfn:           5000
Node 1, zone  Movable
        spanned  0
`;

test("zones with memory are ranges of bytes", () => {
  assert.deepEqual(parseZoneInfo(TEXT), [
    { node: 0, start: 4096, end: 4096 * 4096 },
    { node: 0, start: 4096 * 4096, end: 5096 * 4096 },
    { node: 1, start: 5000 * 4096, end: 5500 * 4096 },
  ]);
  assert.deepEqual(parseZoneInfo("no zones"), []);
});

test("an address is on the one node that reaches over it, and on none where there are two", () => {
  const ranges = parseZoneInfo(TEXT);
  assert.equal(hasSeveralNodes(ranges), true);
  const at = (page: number): number => nodeOf(page * 4096 + 5, ranges);
  assert.deepEqual(
    [at(0), at(1), at(4096), at(4999), at(5000), at(5095), at(5096), at(5499), at(5500)],
    [...[-1, 0, 0, 0, -1, -1, 1, 1, -1]],
  );
});

test("this machine's own zones are read; what is not there has none", () => {
  assert.ok(readNodeRanges().some(({ node, start }) => node === 0 && start > 0));
  assert.deepEqual(readNodeRanges("/nowhere"), []);
});
