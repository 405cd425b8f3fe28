import type { ExceptedFaults, MapSummaryRecord, RegionRecord, ServiceTime } from "../../metric/map-record.ts";
import { FAULT_CLASSES } from "../../metric/record.ts";
import type { Column } from "../../term/table.ts";
import { formatCount, formatDigits, formatNs } from "../../term/units.ts";

/** What the faults of a region took together, ns; null where it was not recorded, or none of them is known. */
export function timeOf({ latency }: Pick<RegionRecord, "latency">): number | null {
  if (latency === undefined || latency.minor.count + latency.major.count === 0) return null;
  return latency.minor.sumNs + latency.major.sumNs;
}

/** "faults took 12m: minor 9.8ms (p50 1.1u, p99 4.2u), major 2.2ms (...)"; nothing without -l. */
export function timeText(summary: MapSummaryRecord): string[] {
  const { latency } = summary;
  if (latency === undefined) return [];
  const parts = FAULT_CLASSES.flatMap((fault) =>
    latency[fault].count === 0 ? [] : [`${fault} ${classText(latency[fault])}`],
  );
  const { excepted } = summary;
  const unknown = summary.faults - latency.minor.count - latency.major.count - (excepted?.faults ?? 0);
  const rest = unknown > 0 ? `; of ${formatDigits(unknown)} it is unknown` : "";
  return [
    parts.length === 0
      ? `how long the faults took is unknown${rest}`
      : `faults took ${took(timeOf(summary))}: ${parts.join(", ")}${rest}`,
    ...(excepted === undefined ? [] : [exceptedText(excepted)]),
  ];
}

function exceptedText(excepted: ExceptedFaults | null): string {
  if (excepted === null) return "wss did not measure this process: nothing is left out";
  const { faults, stalls, ofStalls } = excepted;
  return `left out: ${formatDigits(faults)} faults, under way in ${formatDigits(stalls)} of ${formatDigits(ofStalls)} moments in which wss marked its pages`;
}

const classText = ({ sumNs, p50Ns, p99Ns, maxNs }: ServiceTime): string =>
  `${took(sumNs)} (p50 ${took(p50Ns)}, p99 ${took(p99Ns)}, max ${took(maxNs)})`;

/** In prose "56m" would be minutes. */
const took = (ns: number | null): string => formatNs(ns).replace(/[num]$/, "$&s");

/** On which NUMA nodes the pages are, for the same table. */
export function nodeColumns(all: readonly RegionRecord[]): Column<RegionRecord>[] {
  const names = new Set(all.flatMap(({ nodes }) => Object.keys(nodes ?? {})));
  return [...names].sort().map((name) => ({
    title: name === "unknown" ? name : `node ${name}`,
    width: 8,
    value: ({ nodes }) => formatCount(nodes?.[name] ?? 0, 8),
  }));
}

/** What the accesses were, for a table of its own; with a column for unknown ones where there are any. */
export function typeColumns(all: readonly RegionRecord[]): Column<RegionRecord>[] {
  const column = (title: string, key: keyof NonNullable<RegionRecord["types"]>): Column<RegionRecord> => ({
    title,
    width: 9,
    value: ({ types }) => formatCount(types?.[key] ?? null, 9),
  });
  return [
    column("read", "read"),
    column("write", "write"),
    column("execute", "execute"),
    column("cow", "copyOnWrite"),
    ...(all.some(({ types }) => Number(types?.unknown) > 0) ? [column("unknown", "unknown")] : []),
  ];
}
