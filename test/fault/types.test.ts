import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { accessTypes, typesSince } from "../../lib/fault/types.ts";

/** Any error code that bt/types.bt lets through: bits 1, 2, 4 and 16. */
const code = fc.integer({ min: 0, max: 31 }).map((bits) => bits & 23);
const codes = fc.uniqueArray(fc.tuple(code, fc.nat({ max: 1e9 })), { selector: ([key]) => key });

test("every entry is one kind of access and one mode: the shares add up", () => {
  fc.assert(
    fc.property(codes, (counts) => {
      const { read, write, execute, copyOnWrite, user, kernel } = accessTypes(new Map(counts));
      const total = counts.reduce((sum, [, n]) => sum + n, 0);
      assert.equal(read + write + execute + copyOnWrite, total);
      assert.equal(user + kernel, total);
    }),
  );
});

test("the error codes mean what the Intel manual says", () => {
  const none = { read: 0, write: 0, execute: 0, copyOnWrite: 0, user: 0, kernel: 0 };
  const cases: [number, Partial<typeof none>][] = [
    [4, { read: 1, user: 1 }],
    [6, { write: 1, user: 1 }],
    [7, { copyOnWrite: 1, user: 1 }],
    [20, { execute: 1, user: 1 }],
    [2, { write: 1, kernel: 1 }],
    [0, { read: 1, kernel: 1 }],
  ];
  for (const [key, expected] of cases) {
    assert.deepEqual(accessTypes(new Map([[key, 1]])), { ...none, ...expected }, String(key));
  }
});

test("what came between two readings is the difference, code by code", () => {
  fc.assert(
    fc.property(codes, fc.nat(), (counts, more) => {
      const before = new Map(counts);
      const now = new Map([...counts.map(([key, n]) => [key, n + more] as const), [99, 5] as const]);
      assert.deepEqual(
        typesSince(now, before),
        new Map([...counts.map(([key]) => [key, more] as const), [99, 5] as const]),
      );
    }),
  );
});
