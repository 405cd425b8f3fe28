import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bestOf } from "../../lib/symbols/best.ts";
import { demangle } from "../../lib/symbols/demangle.ts";
import { Kallsyms } from "../../lib/symbols/kallsyms.ts";
import { functionsIn } from "../../lib/symbols/perf-map.ts";
import { Symbols } from "../../lib/symbols/symbols.ts";
import { missing } from "../live/held.ts";
import { bytesOf } from "./programs.ts";

/** 0xffffffffXXXXXXXX as it is told: minus 2^64. */
const kernel = (low: number): number => low - 2 ** 32;

const TEXT = `ffffffff81000000 T _stext
ffffffff81000000 T _text
ffffffff81001000 t local_one
ffffffff81001000 T __global_one
ffffffff81001000 W weak_one
ffffffff81002000 T copy_to_user
ffffffff81003000 D some_data
0000000000000000 A per_cpu_start
ffffffffc0000000 t nfs_read	[nfs]
ffffffffc0000100 t nfs_write	[nfs]
`;

test("kallsyms: the function that begins before an address, of its names the one perf shows", () => {
  const symbols = new Kallsyms(Buffer.from(TEXT));
  const at = (low: number) => symbols.at(kernel(low));
  assert.deepEqual(at(0x81001fff), { name: "__global_one", module: null });
  assert.deepEqual(at(0x81002000), { name: "copy_to_user", module: null });
  assert.deepEqual(at(0xc00000ff), { name: "nfs_read", module: "nfs" });
  assert.equal(at(0x81003010), null, "data is no function");
  assert.equal(at(0x80ffffff), null, "before the first");
  assert.equal(at(0xbfffffff), null, "too far behind the last");
  assert.equal(symbols.hidden, false);
});

test("kallsyms whose addresses are hidden know nothing, and a place there has no name", async () => {
  const hidden = new Kallsyms(Buffer.from(TEXT.replace(/^[0-9a-f]{16}/gm, "0000000000000000")));
  assert.equal(hidden.hidden, true);
  const symbols = new Symbols({ readKernel: () => hidden });
  assert.deepEqual(await symbols.resolve(1, [{ address: kernel(0x81002000), mapping: null }]), [null]);
});

test("kallsyms that were cut or are something else: total", () => {
  fc.assert(
    fc.property(fc.nat(TEXT.length), fc.uint8Array(), (cut, more) => {
      const symbols = new Kallsyms(Buffer.concat([Buffer.from(TEXT.slice(0, cut)), more]));
      symbols.at(kernel(0x81001800));
      symbols.at(-1);
    }),
  );
});

test("aliases: strong before weak, global before local, fewer underscores, then the longer name", () => {
  const of = (name: string, weak = false, global = true) => ({ name, weak, global });
  assert.equal(bestOf([of("weak", true), of("__strong")]), "__strong");
  assert.equal(bestOf([of("local", false, false), of("__global")]), "__global");
  assert.equal(bestOf([of("__libc_read"), of("read")]), "read");
  assert.equal(bestOf([of("memcpy"), of("memcpy_avx")]), "memcpy_avx");
  assert.equal(bestOf([of("")]), null);
});

test("a JIT's map: code compiled again has its last name, with spaces and markup as they are", () => {
  const map = Buffer.from(
    "10000 100 LazyCompile:~first /a b.js:1\n0x20000 0x10 second\nrubbish\n10000 80 LazyCompile:*first\n30000 20 gr\u00fc\u00dfe <b>",
  );
  const names = functionsIn(
    bytesOf(map),
    [0xffff, 0x10000, 0x1007f, 0x10080, 0x100ff, 0x10100, 0x2000f, 0x3001f],
  );
  assert.deepEqual(
    [...names],
    [
      [0x10000, "LazyCompile:*first"],
      [0x1007f, "LazyCompile:*first"],
      [0x10080, "LazyCompile:~first /a b.js:1"],
      [0x100ff, "LazyCompile:~first /a b.js:1"],
      [0x2000f, "second"],
      [0x3001f, "gr\u00fc\u00dfe <b>"],
    ],
  );
});

test("a JIT's map larger than one piece has all its lines", () => {
  const lines = Array.from({ length: 100_000 }, (_, i) => `${(i * 16).toString(16)} 10 function_${i}`);
  const asked = [0, 16 * 50_000 + 3, 16 * 99_999];
  const names = functionsIn(bytesOf(Buffer.from(lines.join("\n"))), asked);
  assert.deepEqual([...names.values()].sort(), ["function_0", "function_50000", "function_99999"]);
});

test("a map of anything is read without an exception", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 500 }),
      (bytes) => functionsIn(bytesOf(Buffer.from(bytes)), [0, 16, 4096]).size <= 3,
    ),
  );
});

test("C++ and Rust names are as in the source; others are left alone", async (t) => {
  const reason = await missing("c++filt");
  if (reason) return t.skip(reason);
  const names = await demangle([
    "_ZN3foo3barEi",
    "_ZNSt6vectorIiSaIiEE9push_backERKi",
    "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE",
    "_RNvCs1234_7mycrate3foo",
    "main",
    "_Z\n_Z",
  ]);
  assert.deepEqual(Object.fromEntries(names), {
    _ZN3foo3barEi: "foo::bar",
    _ZNSt6vectorIiSaIiEE9push_backERKi: "std::vector<int, std::allocator<int> >::push_back",
    _ZN4core3fmt9Formatter3pad17h0123456789abcdefE: "core::fmt::Formatter::pad",
    _RNvCs1234_7mycrate3foo: "mycrate[3c1c0]::foo",
  });
});
