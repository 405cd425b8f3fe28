import assert from "node:assert/strict";
import { test } from "node:test";
import { featuresIn } from "../../lib/kernel/userfaultfd.ts";

test("features are bits of the mask of UFFDIO_API: Linux 6.18 has no RWP", () => {
  assert.deepEqual(featuresIn(0x1ffffn), ["WP_ASYNC"]);
  assert.deepEqual(featuresIn(0x7ffffn), ["WP_ASYNC", "RWP", "RWP_ASYNC"]);
  assert.deepEqual(featuresIn(0n), []);
});
