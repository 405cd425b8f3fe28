import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FaultrecDecoder } from "../../../lib/source/faultrec/decode.ts";
import { FaultrecEncoder } from "../../../lib/source/faultrec/encode.ts";
import { type Columns, newColumns } from "../../../lib/source/stream/batch.ts";
import type { EntryTally, FaultEvent, ReadyEvent } from "../../../lib/source/stream/event.ts";
import { fixture } from "../cuts.ts";
import { type Fault, type Recording, read, sinkInto } from "./recording.ts";

/** With the prototype of any object. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(model, { noNullPrototype: true }) as fc.Arbitrary<T>;

const EXACT = Number.MAX_SAFE_INTEGER;
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const whole = fc.maxSafeNat();
const time = fc.integer({ min: -1000, max: 2 ** 50 });
const happened = { time, pid: i32, tid: i32 };
/** In user space, or minus 2^64 in the kernel, as exactly as a double says it. */
const code = fc.oneof(fc.integer({ min: 0, max: 2 ** 47 }), fc.integer({ min: -(2 ** 47), max: -1 }));
const name = (bytes: number) =>
  fc
    .string({ unit: "grapheme" })
    .filter((s) => !s.includes("\0") && new TextEncoder().encode(s).length < bytes);

const ready: fc.Arbitrary<ReadyEvent> = record({
  type: fc.constant("ready" as const),
  monotonicNs: fc.integer({ min: 1000, max: 2 ** 52 }),
  startedAt: fc.integer({ min: 1, max: 4_000_000_000_000 }).map((ms) => ms / 1000),
  ip: fc.boolean(),
  latency: fc.boolean(),
  access: fc.boolean(),
  physical: fc.boolean(),
  chain: fc.boolean(),
  stepNs: fc.constant(null),
  lateNs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 50 })),
  userOnly: fc.boolean(),
  machine: fc.boolean(),
  follow: fc.boolean(),
  threads: u32,
  unsure: u32,
  ringBytes: whole,
});

const tally = {
  counted: whole,
  told: whole,
  foreign: whole,
  lost: whole,
  refused: fc.option(whole),
};
const hex = fc.integer({ min: 0, max: 0xfff }).map((n) => n.toString(16).padStart(2, "0"));

const event: fc.Arbitrary<FaultEvent> = fc.oneof(
  record({
    ...happened,
    type: fc.constant("mmap" as const),
    start: whole,
    end: whole,
    offset: whole,
    inode: whole,
    device: fc.tuple(hex, hex).map((parts) => parts.join(":")),
    protection: u32,
    flags: u32,
    path: name(4096),
  }),
  record({ ...happened, type: fc.constant("comm" as const), comm: name(16), exec: fc.boolean() }),
  record({ ...happened, type: fc.constant("fork" as const), parentPid: i32, parentTid: i32 }),
  record({ ...happened, type: fc.constant("exit" as const) }),
  record({ ...happened, type: fc.constant("gone" as const) }),
  record({
    ...happened,
    type: fc.constant("lost" as const),
    cpu: u32,
    count: whole,
    what: fc.constantFrom("minor" as const, "others" as const),
  }),
);

const end = record<Extract<FaultEvent, { type: "end" }>>({
  type: fc.constant("end" as const),
  time,
  minor: record(tally),
  major: record(tally),
  lostOthers: whole,
  entries: fc.option(record<EntryTally>({ ...tally, failed: whole, open: whole })),
});

/** A fault with the fields that the recording has. */
const faultOf = ({ ip, latency, physical, chain }: ReadyEvent): fc.Arbitrary<Fault> =>
  record({
    ...happened,
    page: fc.integer({ min: 0, max: 2 ** 52 - 1 }),
    offset: fc.integer({ min: 0, max: 4095 }),
    cpu: fc.integer({ min: 0, max: 65_535 }),
    flags: fc.integer({ min: 0, max: 63 }),
    ip: ip ? code : fc.constant(null),
    latency: latency ? fc.oneof(fc.nat(EXACT), fc.constant(Number.NaN)) : fc.constant(null),
    physical: physical ? whole : fc.constant(null),
    pageSize: physical ? whole : fc.constant(null),
    chain: chain ? fc.array(code, { maxLength: 127 }) : fc.constant(null),
  });

type Part = { faults: Fault[] } | { event: FaultEvent };
const recording = ready.chain((first) =>
  record({
    first: fc.constant(first),
    parts: fc.array(
      fc.oneof(
        record({ faults: fc.array(faultOf(first), { maxLength: 9 }) }),
        record({ event }),
      ) as fc.Arbitrary<Part>,
      { maxLength: 12 },
    ),
    end,
  }),
);

function batchOf(first: ReadyEvent, faults: readonly Fault[]): Columns {
  const columns = newColumns(first);
  const links = faults.flatMap(({ chain }) => chain ?? []);
  if (columns.chain !== null) columns.chain = Float64Array.from(links);
  let until = 0;
  for (const [i, fault] of faults.entries()) {
    for (const key of ["time", "page", "offset", "pid", "tid", "cpu", "flags"] as const)
      columns[key][i] = fault[key];
    for (const key of ["ip", "latency", "physical", "pageSize"] as const) {
      const column = columns[key];
      if (column !== null) column[i] = fault[key] ?? 0;
    }
    until += fault.chain?.length ?? 0;
    if (columns.chainEnd !== null) columns.chainEnd[i] = until;
  }
  columns.count = faults.length;
  return columns;
}

test("whatever a recorder tells, the decoder reads the very same from what is encoded", () => {
  fc.assert(
    fc.property(recording, fc.integer({ min: 1, max: 999 }), ({ first, parts, end: last }, piece) => {
      const told: Recording = { faults: [], events: [] };
      const bytes: Uint8Array[] = [];
      const encoder = new FaultrecEncoder((each) => void bytes.push(each));
      for (const part of [{ event: first }, ...parts, { event: last }]) {
        if ("event" in part) encoder.event(part.event);
        else encoder.faults(batchOf(first, part.faults));
        if ("event" in part) told.events.push(part.event);
        else told.faults.push(...part.faults);
      }
      assert.deepEqual(read(Buffer.concat(bytes), piece), told);
    }),
    { numRuns: 300 },
  );
});

for (const file of ["faultrec", "faultrec-access", "faultrec-chains", "faultrec-follow"]) {
  test(`${file}.bin, decoded and encoded again, tells the same`, () => {
    const bytes = fixture(`helpers/${file}.bin`);
    const again: Uint8Array[] = [];
    const decoder = new FaultrecDecoder(new FaultrecEncoder((piece) => void again.push(piece)));
    decoder.push(bytes);
    decoder.end();
    assert.deepEqual(read(Buffer.concat(again)), read(bytes));
  });
}

test("of what was damaged the rest is there, and that it does not end as it should", () => {
  const kept: Recording = { faults: [], events: [] };
  const decoder = new FaultrecDecoder(sinkInto(kept));
  const encoder = new FaultrecEncoder((piece) => decoder.push(piece));
  const [first] = read(fixture("helpers/faultrec.bin")).events;
  assert.ok(first?.type === "ready");
  encoder.event(first);
  encoder.event({ type: "damaged", offset: 7, reason: "a line" });
  encoder.event({ type: "exit", time: 3, pid: 4, tid: 5 });
  const none = { counted: 0, told: 0, foreign: 0, lost: 0, refused: 0 };
  encoder.event({ type: "end", time: 9, minor: none, major: none, lostOthers: 0, entries: null });
  decoder.end();
  assert.deepEqual(
    kept.events.map(({ type }) => type),
    ["ready", "exit", "damaged"],
  );
});
