import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { readCounters, readLimits } from "../../../lib/wss/limit/memory.ts";
import { witnessesOf } from "../../../lib/wss/limit/watch.ts";

const top = mkdtempSync(join(tmpdir(), "limit-"));
after(() => rmSync(top, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(top, path)), { recursive: true });
  writeFileSync(join(top, path), text);
}

const MIB = 1 << 20;
write(
  "proc/meminfo",
  "MemTotal:        1048576 kB\nMemAvailable:     524288 kB\nSwapTotal:  8 kB\nSwapFree: 4 kB\n",
);
write("proc/vmstat", "workingset_refault_anon 1000\nworkingset_refault_file 2000\noom_kill 3\n");
write("proc/pressure/memory", "some avg10=0.00 avg60=0.12 avg300=0.42 total=7000000\nfull total=1\n");
const slice = `${top}/sys/fs/cgroup/a.slice`;
const own = `${slice}/b.service`;
write("sys/fs/cgroup/a.slice/memory.max", `${100 * MIB}\n`);
write("sys/fs/cgroup/a.slice/memory.high", "max\n");
write("sys/fs/cgroup/a.slice/memory.current", `${60 * MIB}\n`);
write("sys/fs/cgroup/a.slice/b.service/memory.max", "max\n");
write("sys/fs/cgroup/a.slice/b.service/memory.high", `${80 * MIB}\n`);
write("sys/fs/cgroup/a.slice/b.service/memory.current", `${50 * MIB}\n`);
const stat = `anon ${30 * MIB}\nfile ${20 * MIB}\nactive_file ${8 * MIB}\ninactive_file ${12 * MIB}\nworkingset_refault_anon 11\nworkingset_refault_file 22\n`;
write("sys/fs/cgroup/a.slice/b.service/memory.stat", stat);
write("sys/fs/cgroup/a.slice/b.service/memory.events", "low 0\nhigh 5\nmax 2\noom 0\noom_kill 1\n");
write(
  "sys/fs/cgroup/a.slice/b.service/memory.pressure",
  "some avg10=1.00 avg60=1.00 avg300=1.00 total=250000\nfull avg10=0 total=9\n",
);

const limits = readLimits({ version: 2, directories: [own, slice, `${top}/sys/fs/cgroup`] }, top);

test("v2: every limit up the tree, max and high, and the machine's", () => {
  const rows = limits.map(({ what, directory, limit, charged, droppable }) => [
    ...[what, directory, limit, charged, droppable],
  ]);
  assert.deepEqual(rows, [
    ["memory.high", own, 80 * MIB, 50 * MIB, 20 * MIB],
    ["memory.max", slice, 100 * MIB, 60 * MIB, 0],
    ["MemTotal", null, 1024 * MIB, 512 * MIB, 0],
  ]);
});

test("a limit that the machine does not reach is none; without a cgroup only the machine's is left", () => {
  write("sys/fs/cgroup/all/memory.max", "9223372036854771712\n");
  write("sys/fs/cgroup/all/memory.current", "1\n");
  for (const cgroup of [null, { version: 2 as const, directories: [`${top}/sys/fs/cgroup/all`] }]) {
    assert.deepEqual(
      readLimits(cgroup, top).map(({ what }) => what),
      ["MemTotal"],
    );
  }
});

test("v2: the cgroup's own refaults, hits, kills and pressure; the machine's where it has none", () => {
  const [high, max] = limits;
  assert.ok(high && max);
  assert.deepEqual(readCounters(high, top), {
    ...{ refaultAnon: 11, refaultFile: 22, refaultsOf: "cgroup", hits: 7, oomKills: 1, pressure: 250_000 },
  });
  assert.deepEqual(readCounters(max, top), {
    ...{ refaultAnon: 1000, refaultFile: 2000, refaultsOf: "machine" },
    ...{ hits: null, oomKills: null, pressure: 7_000_000 },
  });
});

test("witnesses are what the counters grew by, unknown where one of the readings is", () => {
  const before = {
    refaultAnon: 1,
    refaultFile: 2,
    refaultsOf: "cgroup",
    hits: 3,
    oomKills: 0,
    pressure: 0,
  } as const;
  const after = { ...before, refaultAnon: 11, refaultFile: null, hits: 5, pressure: 500_000 };
  assert.deepEqual(witnessesOf(before, after, [{ major: 4 }, { major: 5 }], 2), {
    ...{ refaultAnon: 10, refaultFile: null, refaultsOf: "cgroup", major: 9 },
    ...{ hits: 2, oomKills: 0, pressure: 0.25 },
  });
  assert.equal(witnessesOf(before, after, [{ major: 4 }, { major: null }], 2).major, null);
  assert.equal(witnessesOf(null, after, [], 2).refaultAnon, null);
});
