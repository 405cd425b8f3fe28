import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Queue } from "../../lib/subprocess/queue.ts";

/** All values, and what was thrown at the end. */
async function drain<T>(queue: Queue<T>): Promise<{ values: T[]; error: unknown }> {
  const values: T[] = [];
  try {
    for await (const value of queue) values.push(value);
    return { values, error: null };
  } catch (error) {
    return { values, error };
  }
}

const pause = () => new Promise((resolve) => setImmediate(resolve));

test("values come in the order they were pushed, whether they wait for the reader or it for them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.integer(), fc.boolean())), fc.boolean(), async (steps, early) => {
      const queue = new Queue<number>();
      const reading = early ? drain(queue) : null;
      for (const [value, wait] of steps) {
        queue.push(value);
        if (wait) await pause();
      }
      queue.close();
      assert.deepEqual(await (reading ?? drain(queue)), { values: steps.map(([v]) => v), error: null });
    }),
  );
});

test("what was pushed before a failure is delivered before it is thrown", async () => {
  const queue = new Queue<string>();
  queue.push("a");
  queue.push("b");
  const failure = new Error("died");
  queue.fail(failure);
  queue.push("too late");
  queue.close();
  assert.deepEqual(await drain(queue), { values: ["a", "b"], error: failure });
});

test("after its end a queue takes nothing: no value, no failure, no second end", async () => {
  const queue = new Queue<number>();
  const reading = drain(queue);
  queue.push(1);
  queue.close();
  queue.push(2);
  queue.fail(new Error("late"));
  queue.close();
  assert.deepEqual(await reading, { values: [1], error: null });
});

test("a failure wakes a reader that waits", async () => {
  const queue = new Queue<number>();
  const reading = drain(queue);
  await pause();
  queue.fail(new Error("died"));
  const { error } = await reading;
  assert.ok(error instanceof Error && error.message === "died");
});
