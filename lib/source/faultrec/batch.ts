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
  /** FAULT.major, FAULT.kernel (layout.ts). */
  readonly flags: Uint8Array;
  /** Instruction that faulted; null where it was not recorded. */
  readonly ip: Float64Array | null;
  /** Physical address (0 where there is none) and size of the page that was mapped, bytes. */
  readonly physical: Float64Array | null;
  readonly pageSize: Float64Array | null;
  /** Call chains one after another, innermost first; fault i has links [chainEnd[i - 1] or 0, chainEnd[i]). */
  readonly chain: Float64Array | null;
  readonly chainEnd: Uint32Array | null;
}

/** A batch that can be written. */
export interface Columns extends FaultBatch {
  count: number;
  chain: Float64Array | null;
}

export interface Fields {
  ip: boolean;
  physical: boolean;
  chain: boolean;
}

export function newColumns({ ip, physical, chain }: Fields): Columns {
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
    physical: physical ? new Float64Array(BATCH) : null,
    pageSize: physical ? new Float64Array(BATCH) : null,
    chain: chain ? new Float64Array(8 * BATCH) : null,
    chainEnd: chain ? new Uint32Array(BATCH) : null,
  };
}
