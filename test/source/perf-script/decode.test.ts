import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DecoderOptions } from "../../../lib/source/perf-script/decode.ts";
import { FAULT } from "../../../lib/source/stream/batch.ts";
import { fixture } from "../cuts.ts";
import { of } from "../faultrec/recording.ts";
import { readScript } from "./script.ts";

const FIELDS = {
  names: { ip: true, physical: false, chain: false },
  physical: { ip: true, physical: true, chain: false },
  forks: { ip: false, physical: false, chain: false },
} satisfies Record<string, DecoderOptions["fields"]>;

const recorded = (name: string): Buffer => fixture(`perf-6.1/script-${name}.txt`);

for (const [name, fields] of Object.entries(FIELDS)) {
  test(`perf-6.1/script-${name}.txt: every line of it is told once, in order, wherever it is cut`, () => {
    const bytes = recorded(name);
    const { faults, events } = readScript(bytes, { fields });
    const text = bytes.toString();
    const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
    const kinds = ["mmap", "comm", "fork", "exit", "damaged", "end"] as const;
    assert.deepEqual(
      [faults.length, ...kinds.map((kind) => of(events, kind).length)],
      [
        count(/^ *\d+\/\d+ +[\d.]+: (minor|major)-faults: /gm),
        count(/PERF_RECORD_MMAP2 /g),
        count(/PERF_RECORD_COMM/g),
        count(/PERF_RECORD_FORK/g),
        count(/PERF_RECORD_EXIT/g),
        0,
        1,
      ],
    );
    const times = faults.map(({ time }) => time);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    for (const piece of [1, 7, 61, 4096]) {
      assert.deepEqual(readScript(bytes, { fields }, piece), { faults, events }, `pieces of ${piece}`);
    }
  });
}

test("names with newlines, colons and parentheses, and paths that look like perf's own lines, are told whole", () => {
  const { events } = readScript(recorded("names"));
  const program = of(events, "comm").find(({ exec }) => exec);
  assert.equal(program?.comm, "a: (b)\n1:2  x");
  const code = of(events, "mmap").find(({ path }) => path.endsWith("/a: (b)\n1:2  x"));
  assert.match(
    code?.path ?? "",
    /^\/tmp\/[^/]+\/d \(deleted\): 1 \[0x1\(0x2\) @ 0\]: r\/a: \(b\)\n1:2 {2}x$/,
  );
  assert.equal(code?.pid, program?.pid);
});

test("with physical addresses: 64 distinct frames of a memfd, a page of 4096 bytes each", () => {
  const { faults, events } = readScript(recorded("physical"), { fields: FIELDS.physical });
  const memfd = of(events, "mmap").find(({ path }) => path.startsWith("/memfd:"));
  assert.match(memfd?.path ?? "", / \(deleted\)$/);
  assert.equal(memfd?.flags, 1, "shared");
  const inside = faults.filter(
    ({ page }) => page * 4096 >= Number(memfd?.start) && page * 4096 < Number(memfd?.end),
  );
  assert.equal(inside.length, 64);
  assert.deepEqual(new Set(inside.map(({ pageSize }) => pageSize)), new Set([4096]));
  assert.equal(new Set(inside.map(({ physical }) => physical)).size, 64);
});

test("a fork names both, and what was mapped when perf began has no time", () => {
  const options = { fields: FIELDS.forks };
  const { events, faults } = readScript(recorded("forks"), options);
  const [fork] = of(events, "fork");
  assert.ok(fork && fork.pid !== fork.parentPid);
  assert.ok(faults.some(({ pid }) => pid === fork.pid) && faults.some(({ pid }) => pid === fork.parentPid));
  const listed = of(events, "mmap").filter(({ time }) => time === 0).length;
  assert.ok(listed > 0);
  const without = readScript(recorded("forks"), { ...options, skipListed: true });
  assert.equal(of(without.events, "mmap").length, of(events, "mmap").length - listed);
});

test("pids: the faults of others are counted and left out, their forks and ends are told", () => {
  const { faults, events } = readScript(recorded("forks"), { fields: FIELDS.forks });
  const [{ parentPid } = { parentPid: 0 }] = of(events, "fork");
  const own = faults.filter(({ pid }) => pid === parentPid);
  const part = readScript(recorded("forks"), { fields: FIELDS.forks, pids: new Set([parentPid]) });
  assert.deepEqual(part.faults, own);
  const [end] = of(part.events, "end");
  assert.deepEqual([end?.minor.told, end?.minor.foreign], [own.length, faults.length - own.length]);
  assert.equal(of(part.events, "exit").length, of(events, "exit").length);
});

const line = (rest: string, prefix = " 6517/6518    562.856338021: "): string => `${prefix}${rest}\n`;

test("an address of 64 bits is exact, a fault of the kernel is marked, modifiers are no part of a name", () => {
  const { faults } = readScript(
    line("minor-faults:uH:     7f36b6de1abc ffffffff81775b9a") + line("major-faults: fffffffffffff123 7efc"),
  );
  assert.deepEqual(
    faults.map(({ pid, tid, page, offset, flags, ip }) => [pid, tid, page, offset, flags, ip]),
    [
      [6517, 6518, 0x7f36b6de1, 0xabc, FAULT.kernel, 0x81775b9a - 2 ** 32],
      [6517, 6518, 2 ** 52 - 1, 0x123, FAULT.major, 0x7efc],
    ],
  );
});

test("times are nanoseconds since the base, exact after 200 days", () => {
  const prefix = " 1/1 17280001.000000007: ";
  const { faults } = readScript(line("minor-faults: 1000 2000", prefix), {
    base: { seconds: 17_280_000, nanoseconds: 999_999_999 },
  });
  assert.equal(faults[0]?.time, 8);
});

test("page sizes: huge, and not known", () => {
  const text = ["4K", "2M", "1G", "N/A"].map((size) => line(`minor-faults: 1000 2000 3000 ${size}`)).join("");
  const { faults } = readScript(text, { fields: FIELDS.physical });
  assert.deepEqual(
    faults.map(({ pageSize }) => pageSize),
    [2 ** 12, 2 ** 21, 2 ** 30, 0],
  );
});

test("other forms of a mapping: a build id, an old perf, a deleted file, a listed newline, the kernel's own", () => {
  const listed = " 0/0 0.000000000: ";
  const { events } = readScript(
    [
      line("PERF_RECORD_MMAP2 7/7: [0x400000(0x1f000) @ 0x1000 <a1b2c3>]: r-xp /bin/a b"),
      line("PERF_RECORD_MMAP 7/7: [0x400000(0x1000) @ 0]: x /bin/true"),
      line("PERF_RECORD_MMAP2 7/7: [0x7000(0x1000) @ 0 fe:00 12 3]: rw-s /tmp/x (deleted)"),
      line("PERF_RECORD_MMAP2 7/7: [0x7000(0x1000) @ 0 00:00 0 0]: rw-p /tmp/a\\012b", listed),
      line(
        "PERF_RECORD_MMAP -1/0: [0xffffffff81000000(0x10) @ 0xffffffff81000000]: x [kernel.kallsyms]_text",
        listed,
      ),
    ].join(""),
  );
  assert.deepEqual(
    of(events, "mmap").map(({ start, end, offset, inode, device, protection, flags, path }) => [
      start,
      end,
      offset,
      inode,
      device,
      protection,
      flags,
      path,
    ]),
    [
      [0x400000, 0x41f000, 0x1000, 0, "", 5, 2, "/bin/a b"],
      [0x400000, 0x401000, 0, 0, "", 4, 0, "/bin/true"],
      [0x7000, 0x8000, 0, 12, "fe:00", 3, 1, "/tmp/x (deleted)"],
      [0x7000, 0x8000, 0, 0, "00:00", 3, 2, "/tmp/a\nb"],
    ],
  );
});

test("losses are told where they stand and summed up at the end", () => {
  const { events } = readScript(
    line("PERF_RECORD_LOST lost 98") + line("minor-faults: 1000 2000") + line("PERF_RECORD_LOST lost 5"),
  );
  assert.deepEqual(
    of(events, "lost").map(({ count }) => count),
    [98, 5],
  );
  const [end] = of(events, "end");
  assert.deepEqual([end?.minor.counted, end?.minor.told, end?.minor.lost], [104, 1, 103]);
});

test("other events of a recording are passed over; page-faults alone count as minor", () => {
  const events = new Map([
    ["faults", "any"],
    ["cpu-clock", "other"],
  ] as const);
  const { faults, events: told } = readScript(
    line("   faults: 1000 2000") + line("cpu-clock:  0 ffffffff8225fd19") + line("faults:u: 3000 2000"),
    { events },
  );
  assert.deepEqual(
    faults.map(({ page, flags }) => [page, flags]),
    [
      [1, 0],
      [3, 0],
    ],
  );
  assert.deepEqual(of(told, "damaged"), []);
});

test("a line that is nothing of perf script: said once, with its place, and the rest is read", () => {
  const first = line("minor-faults: 1000 2000");
  const { faults, events } = readScript(`${first}what is this\nand this\n${line("minor-faults: 3000 2000")}`);
  assert.equal(faults.length, 2);
  assert.deepEqual(of(events, "damaged"), [
    { type: "damaged", offset: first.length, reason: "no line of perf script: 'what is this'" },
  ]);
});

test("a line without an end does not fill the memory", () => {
  const { events } = readScript("x".repeat(300_000), {}, 4096);
  assert.match(of(events, "damaged")[0]?.reason ?? "", /more than 65536 bytes/);
});

test("no text upsets it, and where it is cut makes no difference", () => {
  const pid = fc.integer({ min: -1, max: 99 });
  const prefix = fc.tuple(pid, pid, fc.nat(9)).map(([p, t, s]) => ` ${p}/${t}  ${s}.000000001: `);
  const rest = fc.oneof(
    fc.constantFrom(
      "minor-faults:  7f00 7efc",
      "major-faults: ffffffffffffffff ffffffff81775b9a",
      "minor-faults: 7f00",
      "minor-faults: 11112222333344445 1",
      "PERF_RECORD_MMAP2 7/7: [0x7000(0x1000) @ 0 fe:00 12 3]: rw-s /tmp/x",
      "PERF_RECORD_COMM: a:7/7",
      "PERF_RECORD_COMM exec: ",
      "PERF_RECORD_FORK(1:1):(2:2)",
      "PERF_RECORD_LOST lost 3",
      "PERF_RECORD_WHATEVER",
    ),
    fc.string({ unit: "binary" }),
  );
  const lines = fc.array(
    fc.oneof(
      fc.tuple(prefix, rest).map(([p, r]) => p + r),
      fc.string({ unit: "binary" }),
    ),
  );
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 50 }), (all, piece) => {
      const text = all.join("\n");
      assert.deepEqual(readScript(text, {}, piece), readScript(text));
    }),
  );
});
