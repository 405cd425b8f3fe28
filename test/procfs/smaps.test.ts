import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { parseMaps } from "../../lib/procfs/maps.ts";
import { parseSmaps, readSmaps } from "../../lib/procfs/smaps.ts";
import { until } from "../helpers-c/programs.ts";

const TEXT = `55c8d8b3e000-55c8d8b41000 r--p 00000000 fe:00 260850                     /usr/bin/a name with: colon
Size:                 12 kB
Rss:                  12 kB
Pss:                   8 kB
Referenced:           12 kB
Anonymous:             4 kB
AnonHugePages:      2048 kB
Shared_Hugetlb:     2048 kB
Private_Hugetlb:    4096 kB
Swap:                  1 kB
SwapPss:             900 kB
THPeligible:           1
ProtectionKey:         0
VmFlags: rd mr mw me sd
7ffc0000-7ffc2000 rw-p 00000000 00:00 0                                  [stack]
Rss:                   8 kB
SomethingNew:          8 kB
`;

test("each mapping with its sizes in bytes; what is not known is passed over, what is missing is 0", () => {
  const [file, stack, ...others] = parseSmaps(TEXT);
  assert.deepEqual(others, []);
  assert.deepEqual(
    { ...file },
    {
      start: 0x55c8d8b3e000,
      end: 0x55c8d8b41000,
      permissions: "r--p",
      offset: 0,
      device: "fe:00",
      inode: 260850,
      path: "/usr/bin/a name with: colon",
      rss: 12288,
      pss: 8192,
      referenced: 12288,
      anonymous: 4096,
      anonHuge: 2 << 20,
      shmemHuge: 0,
      fileHuge: 0,
      hugetlb: 6 << 20,
      swap: 1024,
      hugeEligible: true,
      flags: "rd mr mw me sd",
    },
  );
  assert.deepEqual([stack?.path, stack?.rss, stack?.referenced], ["[stack]", 8192, 0]);
  assert.equal(stack?.hugeEligible, false);
});

test("any text is read without an exception", () => {
  const lines = fc.array(fc.oneof(fc.constantFrom(...TEXT.split("\n")), fc.string()));
  fc.assert(fc.property(lines, (some) => void parseSmaps(some.join("\n"))));
});

test("of a process that sleeps it knows the mappings of maps, and the sums of smaps_rollup", async () => {
  const sleeper = spawn("sleep", ["60"]);
  try {
    const { pid = 0 } = sleeper;
    await until("it sleeps", () => readFileSync(`/proc/${pid}/wchan`, "utf8").includes("nanosleep"));
    const entries = readSmaps(pid) ?? [];
    const maps = parseMaps(readFileSync(`/proc/${pid}/maps`, "utf8"));
    assert.deepEqual(
      entries.map(({ start, end, path }) => [start, end, path]),
      maps.map(({ start, end, path }) => [start, end, path]),
    );
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    for (const [name, field] of [
      ["Rss", "rss"],
      ["Referenced", "referenced"],
      ["Anonymous", "anonymous"],
    ] as const) {
      const kib = new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(rollup)?.[1];
      assert.equal(
        entries.reduce((sum, entry) => sum + entry[field], 0),
        Number(kib) * 1024,
        name,
      );
    }
  } finally {
    sleeper.kill();
  }
  assert.equal(readSmaps(4_194_304), null);
});
