/** The records of helpers-c/faultrec: numbers and offsets of helpers-c/faultrec/wire.h (docs/faultrec.md). */
export const WIRE_VERSION = 1;

export const KIND = {
  ready: 1,
  fault: 2,
  mmap: 3,
  comm: 4,
  fork: 5,
  exit: 6,
  lost: 7,
  gone: 8,
  end: 9,
} as const;

/** Bytes that every record begins with. */
export const PREFIX = 24;

/** Offsets within the prefix, and of what follows it. */
export const AT = { kind: 0, flags: 1, size: 2, cpu: 4, pid: 8, tid: 12, time: 16, rest: PREFIX } as const;

/** Bits of `features` in the ready record. */
export const FEATURE = {
  ip: 1,
  physical: 2,
  chain: 4,
  userOnly: 8,
  machine: 16,
  follow: 32,
  latency: 64,
  access: 128,
  /** Light: minor faults are told late. */
  lateNs: 256,
} as const;

/** Bits of flags of other records. */
export const COMM_EXEC = 1;
export const LOST_OTHERS = 1;

/** The least size of each kind in bytes; a fault's is fixed by the features. */
export const LEAST: ReadonlyMap<number, number> = new Map([
  [KIND.ready, PREFIX + 32],
  [KIND.fault, PREFIX + 8],
  [KIND.mmap, PREFIX + 56],
  [KIND.comm, PREFIX + 16],
  [KIND.fork, PREFIX + 8],
  [KIND.exit, PREFIX + 8],
  [KIND.lost, PREFIX + 8],
  [KIND.gone, PREFIX],
  [KIND.end, PREFIX + 88],
]);

/** What follows in a light ready record: how late. */
export const READY_LATE = 8;

/** What follows in the end record where entries were recorded. */
export const END_ENTRIES = 56;

/** The high half of a 64 bit number counts so much. */
export const HIGH = 2 ** 32;

/** An unsigned 64 bit number; exact to 2^53. */
export const u64 = (view: DataView, at: number): number =>
  view.getUint32(at + 4, true) * HIGH + view.getUint32(at, true);

/** A code address; the kernel's, which lie at the top, are told as negative (minus 2^64): so they are exact. */
export const codeAddress = (view: DataView, at: number): number =>
  view.getInt32(at + 4, true) * HIGH + view.getUint32(at, true);
