import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { execa } from "execa";
import { ROOT } from "../../lib/paths.ts";
import { make } from "../helpers-c/programs.ts";
import { missing } from "./held.ts";
import { faultsOf, mapCommand, sum } from "./map.ts";

const LIBC = /\/libc[.-][^/]*$/;
const folder = mkdtempSync(`${ROOT}/build/languages-`);
before(() => make());
after(() => rmSync(folder, { recursive: true }));

/** COMMAND in small pages, where the machine gives huge ones unasked too: a fault is a page then. */
const inSmallPages = (...argv: string[]): string[] => [
  "/usr/bin/python3",
  "-c",
  "import ctypes, os, sys; ctypes.CDLL(None).prctl(41, 1, 0, 0, 0); os.execvp(sys.argv[1], sys.argv[1:])", // PR_SET_THP_DISABLE
  ...argv,
];

test("C++ names are as in the source", async (t) => {
  const reason = await missing("g++", "c++filt");
  if (reason) return t.skip(reason);
  writeFileSync(
    `${folder}/filler.cpp`,
    `#include <sys/mman.h>
namespace table { struct Filler { char *at; __attribute__((noinline)) void fill(int n) { for (int i = 0; i < n; i++) at[i * 4096L] = 1; } }; }
int main() {
  table::Filler filler{(char *)mmap(nullptr, 211 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};
  filler.fill(211);
}`,
  );
  await execa("g++", ["-O2", "-o", `${folder}/filler`, `${folder}/filler.cpp`]);
  const { functions } = await mapCommand([`${folder}/filler`]);
  const [first] = functions;
  assert.deepEqual([first?.function, first && faultsOf(first)], ["table::Filler::fill", 211]);
});

/** Code that is hot enough to be compiled, then touches 4096 pages. */
const SCRIPT = `
function touchPages(buffer) { for (let i = 0; i < buffer.length; i += 4096) buffer[i] = 1; }
const small = Buffer.allocUnsafeSlow(1 << 20);
for (let i = 0; i < 2000; i++) touchPages(small);
setTimeout(() => touchPages(Buffer.allocUnsafeSlow(16 << 20)), 100);
`;

for (const [options, name] of [
  // the log that it writes beside the map goes nowhere
  [["--perf-basic-prof", "--no-logfile-per-isolate", "--logfile=/dev/null"], /touchPages/],
  [[], /^\[jit\]$/],
] as const) {
  test(`node ${options.join()}: the code that it compiled is ${name}`, async (t) => {
    const reason = await missing("/usr/bin/python3");
    if (reason) return t.skip(reason);
    const { pid, functions } = await mapCommand(inSmallPages("node", ...options, "-e", SCRIPT));
    rmSync(`/tmp/perf-${pid}.map`, { force: true });
    const found = functions.filter((each) => name.test(each.function));
    // malloc has written into the first page
    assert.ok(sum(found) >= 4095, JSON.stringify(functions.slice(0, 5)));
    const other = functions.filter(
      (each) => /^\[jit\]$|touchPages/.test(each.function) && !name.test(each.function),
    );
    assert.ok(sum(other) < 1000, JSON.stringify(other));
  });
}

test("python3: the functions of a program of Debian's, by its dynamic symbols or its debug file", async (t) => {
  const reason = await missing("/usr/bin/python3");
  if (reason) return t.skip(reason);
  const script = "x = b'x' * (8209 << 12)";
  const { functions, regions, summary } = await mapCommand(inSmallPages("/usr/bin/python3", "-c", script));
  const [first] = functions;
  assert.ok(first && faultsOf(first) >= 8209, JSON.stringify(first));
  assert.match(first.file ?? "", LIBC);
  assert.doesNotMatch(first.function, /^\[/);
  assert.equal(first.regionStart, regions[0]?.start);
  assert.ok(Math.abs(first.share - faultsOf(first) / summary.faults) < 1e-9);
  assert.ok(functions.length <= 50);
});
