/** Bits of `flags`; as helpers-c/faultrec/wire.h has them. */
export const FAULT = { major: 1, kernel: 2, access: 4, present: 8, write: 16, execute: 32 } as const;

/** The largest number of faults in a batch. */
export const BATCH = 8192;

/**
 * Faults in the order they happened, one column a property; only the first `count` of each count.
 * The arrays are used again for the next batch: take what you need before you return.
 */
export interface FaultBatch {
  readonly count: number;
  /** Nanoseconds since the ready record; a fault during attaching is before 0. */
  readonly time: Float64Array;
  /** Address divided by 4096, whatever the page size of the machine is: exact. */
  readonly page: Float64Array;
  /** The low 12 bits of the address. */
  readonly offset: Uint16Array;
  readonly pid: Int32Array;
  readonly tid: Int32Array;
  readonly cpu: Uint16Array;
  /** FAULT.major, FAULT.kernel; present, write and execute where FAULT.access says that they are known. */
  readonly flags: Uint8Array;
  /** Instruction that faulted, minus 2^64 in the kernel (so it is exact); null where it was not recorded. */
  readonly ip: Float64Array | null;
  /** From its entry to its completion, ns; NaN where the entry was not seen. Null where it was not asked for. */
  readonly latency: Float64Array | null;
  /** Physical address (0 where there is none) and size of the page that was mapped, bytes. */
  readonly physical: Float64Array | null;
  readonly pageSize: Float64Array | null;
  /** Call chains one after another, innermost first; fault i has links [chainEnd[i - 1] or 0, chainEnd[i]). */
  readonly chain: Float64Array | null;
  readonly chainEnd: Uint32Array | null;
  /** How many faults the row stands for, in counts by page and step (ReadyEvent.stepNs); null where each is one. */
  readonly repeats: Uint32Array | null;
}

/** A batch that can be written. */
export interface Columns extends FaultBatch {
  count: number;
  chain: Float64Array | null;
}

export interface Fields {
  ip: boolean;
  /** Only faultrec tells it. */
  latency?: boolean;
  physical: boolean;
  chain: boolean;
  /** Only counts by page have them. */
  repeats?: boolean;
}

export function newColumns({ ip, latency = false, physical, chain, repeats = false }: Fields): Columns {
  return {
    count: 0,
    time: new Float64Array(BATCH),
    page: new Float64Array(BATCH),
    offset: new Uint16Array(BATCH),
    pid: new Int32Array(BATCH),
    tid: new Int32Array(BATCH),
    cpu: new Uint16Array(BATCH),
    flags: new Uint8Array(BATCH),
    ip: ip ? new Float64Array(BATCH) : null,
    latency: latency ? new Float64Array(BATCH) : null,
    physical: physical ? new Float64Array(BATCH) : null,
    pageSize: physical ? new Float64Array(BATCH) : null,
    chain: chain ? new Float64Array(8 * BATCH) : null,
    chainEnd: chain ? new Uint32Array(BATCH) : null,
    repeats: repeats ? new Uint32Array(BATCH) : null,
  };
}
