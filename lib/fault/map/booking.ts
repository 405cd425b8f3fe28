/** A fault is booked into its region, once a mapping is known there. */
import type { FaultBatch } from "../../source/stream/batch.ts";
import { mappingsOf, type ProcessReading } from "./process-reader.ts";
import type { Region } from "./region.ts";
import type { Fault, Traced } from "./traced.ts";
import type { Callers } from "./who/callers.ts";

const PAGE = 4096;
/** Faults of a process that wait for the next reading of its mappings, at most. */
const WAITING_MOST = 8192;

/** Of a fault where no mapping is known: the next reading may know one, if there is room for it until then. */
export function wait(traced: Traced, fault: Fault): void {
  if (traced.waiting.length < WAITING_MOST) traced.waiting.push({ ...fault });
  else book(traced, traced.space.lost(fault.page), fault);
}

/**
 * Adds mappings that were not known.
 *
 * @param alone nothing else tells of mappings: those of another file than before are new ones in their place
 */
export function learn(traced: Traced, reading: ProcessReading, alone: boolean): void {
  const { space } = traced;
  traced.comm ||= reading.comm;
  for (const mapping of mappingsOf(reading)) {
    const ends = [space.find(mapping.start / PAGE), space.find(mapping.end / PAGE - 1)];
    const isUnknown = ends.some((region) => region === null || region.kind === "unmapped");
    const isReplaced = alone && ends.some((region) => region?.inode !== mapping.inode);
    if (isUnknown || isReplaced) space.map(mapping);
  }
}

/** What waited, where the mappings are known now; else where it was. */
export function bookWaiting(traced: Traced): void {
  const { waiting } = traced;
  traced.waiting = [];
  for (const fault of waiting)
    book(traced, traced.space.find(fault.page) ?? traced.space.lost(fault.page), fault);
}

/** Called for each fault of millions. */
export function book(
  { callers }: Traced,
  region: Region,
  { page, tid, major, mapped, latency, access, node, ip, times }: Fault,
): void {
  if (times === null) region.fault(page, tid, major, mapped);
  else region.counted(page, major, times);
  if (latency !== null) region.cost.timed(major, latency);
  if (access !== null) region.cost.accessed(access);
  if (node !== null) region.cost.placed(node);
  if (ip !== null) callers.fault(ip, region, major);
}

export function addChain(
  callers: Callers,
  { ip, chain, chainEnd }: FaultBatch,
  i: number,
  major: boolean,
): void {
  if (ip === null || chain === null || chainEnd === null) return;
  callers.tree?.add(ip[i] ?? 0, chain, i === 0 ? 0 : (chainEnd[i - 1] ?? 0), chainEnd[i] ?? 0, major);
}
