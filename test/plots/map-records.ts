/** Made-up but possible records of pgfaultmap for the tests of its page. */

import type {
  FunctionRecord,
  HeatRecord,
  MapRecord,
  MapStartRecord,
  MapSummaryRecord,
  RegionRecord,
} from "../../lib/metric/map-record.ts";
import { noise, T0 } from "./records.ts";

export const BLOCK = 4096;
export const BIN = 0.01;

export const hex = (address: number) => `0x${address.toString(16)}`;

export function mapStart(changes: Partial<MapStartRecord> = {}): MapStartRecord {
  return {
    ...{ type: "start", schema: 1, tool: "pgfaultmap", version: "0.1.0", time: T0 },
    ...{ target: "command ./build/index", pids: [42], source: "faultrec", degraded: [] },
    ...changes,
  };
}

export function region(start: number, pages: number, changes: Partial<RegionRecord> = {}): RegionRecord {
  return {
    ...{ type: "region", pid: 42, start: hex(start), end: hex(start + pages * BLOCK), permissions: "rw-p" },
    ...{ kind: "anon", path: null, fileOffset: null, name: "anon", minor: 0, major: 0, pages: 0 },
    ...{ touchedShare: 0.5, refaults: 0, pattern: "sequential", order: "sequential", stride: null },
    confidence: 0.97,
    evidence: {
      ...{ steps: 99, fitting: 0.98, up: 0.99, streams: 1, refaultShare: 0, refaultDistance: null },
      ...{ upgrades: 0, touchedShare: 1 },
    },
    ...{ phases: [], mappings: 1, vanished: false },
    ...changes,
  };
}

export function heat(cells: HeatRecord["cells"], changes: Partial<HeatRecord> = {}): HeatRecord {
  return { type: "heat", pid: 42, blockBytes: BLOCK, binSeconds: BIN, time: T0, cells, ...changes };
}

export function functionOf(changes: Partial<FunctionRecord> = {}): FunctionRecord {
  return {
    ...{ type: "function", pid: 42, function: "fill_table", file: "/usr/bin/index", minor: 1, major: 0 },
    ...{ share: 0.5, region: "anon", regionStart: hex(0) },
    ...changes,
  };
}

export function mapSummary(
  minor: number,
  major: number,
  changes: Partial<MapSummaryRecord> = {},
): MapSummaryRecord {
  return {
    ...{
      type: "summary",
      time: T0 + 3,
      pid: 42,
      comm: "index",
      seconds: 3,
      faults: minor + major,
      minor,
      major,
    },
    ...{
      failed: 0,
      untraced: 1,
      edge: 0,
      unexplained: 0,
      kernelMinor: minor + 1,
      kernelMajor: major,
      lost: 0,
    },
    verdict: `90 % of ${minor + major} faults fall in anon: sequential.`,
    ...{ endedBy: "exit", exitStatus: 0 },
    ...changes,
  };
}

/** Regions with gaps of 1 GiB, each walked once from its start; every seventh has major faults. */
export function manyRegions(count: number, pages: number, pid = 42): MapRecord[] {
  const random = noise(count);
  const regions: RegionRecord[] = [];
  const cells: HeatRecord["cells"] = [];
  for (let index = 0; index < count; index++) {
    const start = 0x7f00_0000_0000 + index * 2 ** 30;
    const used = Math.max(1, Math.round(pages * (index === 3 ? 4 : random())));
    const majors = index % 7 === 2;
    for (let page = 0; page < used; page++) {
      const bin = Math.floor((page / used) * 250 + random() * 20);
      cells.push([
        hex(start + page * BLOCK),
        bin,
        majors ? 0 : 1 + Math.floor(random() ** 4 * 40),
        majors ? 1 : 0,
      ]);
    }
    const own = cells.slice(-used);
    regions.push(
      region(start, used + 10, {
        pid,
        name: majors ? `data-${index}.bin` : index === 3 ? "[heap]" : `lib${index}.so`,
        minor: own.reduce((sum, [, , minor]) => sum + minor, 0),
        major: own.reduce((sum, [, , , major]) => sum + major, 0),
        pages: used,
      }),
    );
  }
  const sum = (key: "minor" | "major") => regions.reduce((total, one) => total + one[key], 0);
  regions.sort((a, b) => b.minor + b.major - (a.minor + a.major));
  return [
    mapStart({ pids: [pid] }),
    ...regions,
    heat(cells, { pid }),
    mapSummary(sum("minor"), sum("major"), { pid }),
  ];
}
