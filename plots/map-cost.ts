/** What the faults of a region took, and what accesses they were: columns of the table, where it was recorded. */

import type { RegionRecord } from "../lib/metric/map-record.ts";
import { count, nanoseconds } from "./browser/units.js";

export interface CostColumn {
  title: string;
  help: string;
  /** null where it is not known. */
  value: (region: RegionRecord) => number | null;
  text: (value: number | null) => string;
}

const timed = ({ latency }: RegionRecord): number =>
  latency ? latency.minor.count + latency.major.count : 0;

const LATENCY: readonly CostColumn[] = [
  {
    title: "time",
    help: "How long its faults took together, each from its entry to its completion.",
    value: (region) =>
      region.latency && timed(region) > 0 ? region.latency.minor.sumNs + region.latency.major.sumNs : null,
    text: nanoseconds,
  },
  {
    title: "p99 minor",
    help: "99 of 100 minor faults took no longer.",
    value: ({ latency }) => latency?.minor.p99Ns ?? null,
    text: nanoseconds,
  },
  {
    title: "p99 major",
    help: "99 of 100 major faults took no longer.",
    value: ({ latency }) => latency?.major.p99Ns ?? null,
    text: nanoseconds,
  },
];

const TYPES: readonly CostColumn[] = (
  [
    ["reads", "read", "Faults by reading."],
    ["writes", "write", "Faults by writing to a page that was not there."],
    ["executed", "execute", "Faults by fetching an instruction."],
    ["copies", "copyOnWrite", "Faults by writing to a page that was there: copies after fork, mostly."],
  ] as const
).map(([title, key, help]) => ({ title, help, value: ({ types }) => types?.[key] ?? null, text: count }));

function nodeColumns(regions: readonly RegionRecord[]): CostColumn[] {
  const names = new Set(regions.flatMap(({ nodes }) => Object.keys(nodes ?? {})));
  return [...names].sort().map((name) => ({
    title: `node ${name}`,
    help:
      name === "unknown"
        ? "Faults whose page is on no node that is known."
        : `Faults whose page is in the memory of NUMA node ${name}.`,
    value: ({ nodes }) => (nodes === undefined ? null : (nodes[name] ?? 0)),
    text: count,
  }));
}

/** The columns that these regions have a value for. */
export function costColumns(regions: readonly RegionRecord[]): readonly CostColumn[] {
  return [
    ...(regions.some(({ latency }) => latency !== undefined) ? LATENCY : []),
    ...(regions.some(({ types }) => types !== undefined) ? TYPES : []),
    ...nodeColumns(regions),
  ];
}
