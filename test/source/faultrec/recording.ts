import { FaultrecDecoder } from "../../../lib/source/faultrec/decode.ts";
import type { FaultBatch } from "../../../lib/source/stream/batch.ts";
import type { FaultEvent } from "../../../lib/source/stream/event.ts";
import type { FaultSink } from "../../../lib/source/stream/recorder.ts";

/** One fault as an object, for tests. */
export interface Fault {
  time: number;
  page: number;
  offset: number;
  pid: number;
  tid: number;
  cpu: number;
  flags: number;
  ip: number | null;
  latency: number | null;
  physical: number | null;
  pageSize: number | null;
  chain: number[] | null;
}

export interface Recording {
  faults: Fault[];
  events: FaultEvent[];
}

const at = (column: ArrayLike<number> | null, i: number): number => column?.[i] ?? Number.NaN;

function faultAt(batch: FaultBatch, i: number): Fault {
  const { chain, chainEnd } = batch;
  return {
    time: at(batch.time, i),
    page: at(batch.page, i),
    offset: at(batch.offset, i),
    pid: at(batch.pid, i),
    tid: at(batch.tid, i),
    cpu: at(batch.cpu, i),
    flags: at(batch.flags, i),
    ip: batch.ip && at(batch.ip, i),
    latency: batch.latency && at(batch.latency, i),
    physical: batch.physical && at(batch.physical, i),
    pageSize: batch.pageSize && at(batch.pageSize, i),
    chain: chain && [...chain.subarray(i === 0 ? 0 : at(chainEnd, i - 1), at(chainEnd, i))],
  };
}

/** What the decoder makes of a recording that arrives in pieces of so many bytes. */
export function read(bytes: Uint8Array, piece = Math.max(1, bytes.length)): Recording {
  const faults: Fault[] = [];
  const events: FaultEvent[] = [];
  const decoder = new FaultrecDecoder(sinkInto({ faults, events }));
  for (let from = 0; from < bytes.length; from += piece) decoder.push(bytes.subarray(from, from + piece));
  decoder.end();
  return { faults, events };
}

/** Adds everything to a recording. */
export const sinkInto = ({ faults, events }: Recording): FaultSink => ({
  faults: (batch) => {
    for (let i = 0; i < batch.count; i++) faults.push(faultAt(batch, i));
  },
  event: (event) => void events.push(event),
});

/** The events of one type. */
export const of = <T extends FaultEvent["type"]>(events: readonly FaultEvent[], type: T) =>
  events.filter((event): event is Extract<FaultEvent, { type: T }> => event.type === type);
