import type { NodeCounts, ServiceTime, TypeCounts } from "../../metric/map-record.ts";
import { FAULT_CLASSES, type FaultClass } from "../../metric/record.ts";
import { addLatency, type LatencyCounts, noLatency, summarize } from "../latency.ts";
import { LatencyHistogram } from "../latency-histogram.ts";
import { ACCESSES } from "../types.ts";

/** What was recorded of each fault of a region beside its place: null where it was not. */
export class RegionCost {
  #latency: Record<FaultClass, LatencyHistogram> | null = null;
  #types: Float64Array | null = null;
  /** By node + 1; 0 is unknown. */
  #nodes: number[] | null = null;

  /** @param ns NaN where it is not known */
  timed(major: boolean, ns: number): void {
    this.#latency ??= { minor: new LatencyHistogram(), major: new LatencyHistogram() };
    this.#latency[major ? "major" : "minor"].add(ns);
  }

  /** @param access as accessOf() tells it */
  accessed(access: number): void {
    this.#types ??= new Float64Array(ACCESSES.length + 1);
    const at = access < 0 ? ACCESSES.length : access;
    this.#types[at] = (this.#types[at] ?? 0) + 1;
  }

  /** @param node -1 where it is not known */
  placed(node: number, faults = 1): void {
    this.#nodes ??= [0];
    while (this.#nodes.length <= node + 1) this.#nodes.push(0);
    this.#nodes[node + 1] = (this.#nodes[node + 1] ?? 0) + faults;
  }

  absorb(other: RegionCost): void {
    for (const [at, faults] of (other.#nodes ?? []).entries()) this.placed(at - 1, faults);
    if (other.#latency !== null) {
      this.#latency ??= { minor: new LatencyHistogram(), major: new LatencyHistogram() };
      for (const fault of FAULT_CLASSES) this.#latency[fault].absorb(other.#latency[fault]);
    }
    if (other.#types !== null) {
      this.#types ??= new Float64Array(ACCESSES.length + 1);
      for (const [at, count] of other.#types.entries()) this.#types[at] = (this.#types[at] ?? 0) + count;
    }
  }

  get latency(): Record<FaultClass, LatencyCounts> | null {
    const latency = this.#latency;
    return latency && { minor: latency.minor.counts(), major: latency.major.counts() };
  }

  get nodes(): NodeCounts | null {
    if (this.#nodes === null) return null;
    const named = this.#nodes.map((faults, at) => [at === 0 ? "unknown" : String(at - 1), faults] as const);
    return Object.fromEntries(named.filter(([, faults]) => faults > 0));
  }

  get types(): TypeCounts | null {
    if (this.#types === null) return null;
    const [read = 0, write = 0, execute = 0, copyOnWrite = 0, unknown = 0] = this.#types;
    return { read, write, execute, copyOnWrite, unknown };
  }
}

/** The fields of a record: none where nothing was recorded. */
export interface CostFields {
  latency?: Record<FaultClass, ServiceTime>;
  types?: TypeCounts;
  nodes?: NodeCounts;
}

/** Of one region, or of all regions of a process together. */
export function costFields(costs: readonly RegionCost[]): CostFields {
  const latencies = costs.flatMap(({ latency }) => latency ?? []);
  const types = costs.flatMap(({ types }) => types ?? []);
  const nodes = costs.map(({ nodes }) => nodes).filter((counts) => counts !== null);
  return {
    ...(latencies.length > 0 ? { latency: sumOfLatencies(latencies) } : {}),
    ...(types.length > 0 ? { types: sumOfTypes(types) } : {}),
    ...(nodes.length > 0 ? { nodes: sumOfNodes(nodes) } : {}),
  };
}

function sumOfLatencies(all: readonly Record<FaultClass, LatencyCounts>[]): Record<FaultClass, ServiceTime> {
  const [minor, major] = FAULT_CLASSES.map((fault): ServiceTime => {
    const counts = all.map((one) => one[fault]).reduce(addLatency, noLatency());
    return { ...summarize(counts), sumNs: counts.sumNs };
  }) as [ServiceTime, ServiceTime];
  return { minor, major };
}

function sumOfNodes(all: readonly NodeCounts[]): NodeCounts {
  const sum: NodeCounts = {};
  for (const [node, faults] of all.flatMap((nodes) => Object.entries(nodes)))
    sum[node] = (sum[node] ?? 0) + faults;
  return sum;
}

function sumOfTypes(all: readonly TypeCounts[]): TypeCounts {
  const sum = (key: keyof TypeCounts): number => all.reduce((total, types) => total + types[key], 0);
  return {
    read: sum("read"),
    write: sum("write"),
    execute: sum("execute"),
    copyOnWrite: sum("copyOnWrite"),
    unknown: sum("unknown"),
  };
}
