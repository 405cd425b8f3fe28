import type { HeatRecord, RegionRecord } from "../../metric/map-record.ts";
import { AddressSpace } from "./address-space.ts";
import type { CostFields } from "./cost.ts";
import { Heat } from "./heat.ts";
import type { Region } from "./region.ts";
import type { Callers } from "./who/callers.ts";

/** What a region and its callers are told of a fault. */
export interface Fault {
  page: number;
  tid: number;
  major: boolean;
  /** Pages that it mapped. */
  mapped: number;
  /** ns, NaN where unknown; null where it was not recorded, as the others. */
  latency: number | null;
  access: number | null;
  /** NUMA node of its page, -1 where that is not known. */
  node: number | null;
  ip: number | null;
  /** So many of the page, in no order; null for one fault in its place among others. */
  times: number | null;
}

/** One process of the recording. */
export interface Traced {
  pid: number;
  comm: string;
  minor: number;
  major: number;
  space: AddressSpace;
  heat: Heat;
  /** Who took the faults. */
  callers: Callers;
  /** Faults in places that no mapping is known for since the mappings were last read: the next reading may know them. */
  waiting: Fault[];
  /** That live, where its birth was seen: 0 once it has ended; null where nobody knows how many there are. */
  threads: number | null;
  /** Of one that has ended: what is told of it, which stays as it is. */
  told: Told | null;
}

export type NamedRegion = Pick<Region, "name" | "start">;

/** What the stream alone tells of a process. */
export interface Told {
  regions: RegionRecord[];
  heat: HeatRecord;
  cost: CostFields;
  /** What its regions are called, by their id. */
  names: ReadonlyMap<number, NamedRegion>;
}

/** Its number may be another's by now. */
export const hasEnded = ({ told, threads }: Traced): boolean => told !== null || threads === 0;

export const faultsOf = ({ minor, major }: Pick<Traced, "minor" | "major">): number => minor + major;

/** @param withinNs how well the times of its faults are known; 0: exactly */
export function newTraced(
  pid: number,
  comm: string,
  space: AddressSpace,
  callers: Callers,
  withinNs: number,
): Traced {
  const counted = { minor: 0, major: 0, threads: null, told: null };
  const heat = new Heat(withinNs || undefined);
  return { pid, comm, ...counted, space, heat, callers, waiting: [] };
}

/** It has ended: what only another fault would need is given back. */
export function settleTraced(traced: Traced, told: Told): void {
  const { pid } = traced;
  Object.assign(traced, { told, space: new AddressSpace(pid), heat: new Heat() });
}
