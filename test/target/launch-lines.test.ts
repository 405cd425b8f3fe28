import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type LaunchLine, parseLaunchLine } from "../../lib/target/command.ts";
import { fixture, parsesHoweverCut } from "../source/cuts.ts";

/** What follows `held PID` in each recording. */
const RECORDED: Record<string, LaunchLine[]> = {
  ended: [{ type: "running" }, { type: "ended", status: 0 }],
  signal: [{ type: "running" }, { type: "ended", status: 137 }],
  "not-found": [{ type: "error", errno: 2, text: "No such file or directory" }],
  "not-executable": [{ type: "error", errno: 13, text: "Permission denied" }],
};

for (const [name, expected] of Object.entries(RECORDED)) {
  test(`helpers/launch-${name}.txt is read the same wherever the stream is cut`, () => {
    const [held, ...rest] = parsesHoweverCut(fixture(`helpers/launch-${name}.txt`), parseLaunchLine);
    assert.ok(held?.type === "held" && held.pid > 1);
    assert.deepEqual(rest, expected);
  });
}

test("no line upsets the parser", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (line) => {
      assert.ok(["held", "running", "error", "ended", "other"].includes(parseLaunchLine(line).type));
    }),
  );
});
