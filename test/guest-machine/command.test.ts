import assert from "node:assert/strict";
import { test } from "node:test";
import { execa } from "execa";
import { commandScript } from "../guest/machine/command.ts";

const run = (argv: string[], directory = "/", env: Record<string, string | undefined> = {}) =>
  execa("sh", ["-s"], { input: commandScript(argv, directory, env), reject: false });

test("the command arrives word by word, whatever the words consist of", async () => {
  const words = ["a b", "it's", '"$HOME"', "", "*", "new\nline", "-n", "\\"];
  const { stdout } = await run(["printf", "<%s>", ...words]);
  assert.equal(stdout, words.map((word) => `<${word}>`).join(""));
});

test("it runs in our directory, with the variables that we have", async () => {
  const { stdout } = await run(["sh", "-c", 'pwd; echo "$GREETING"; env | grep -c NOT_SET'], "/usr", {
    GREETING: "it's me",
    NOT_SET: undefined,
  });
  assert.equal(stdout, "/usr\nit's me\n0");
});

test("its exit status is the script's", async () => {
  assert.equal((await run(["sh", "-c", "exit 7"])).exitCode, 7);
  assert.equal((await run(["/no/such/program"])).exitCode, 127);
});
