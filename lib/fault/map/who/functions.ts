import type { FunctionRecord, StackRecord } from "../../../metric/map-record.ts";
import type { FunctionName } from "../../../symbols/place.ts";
import type { Symbols } from "../../../symbols/symbols.ts";
import { kindOf, nameOf } from "../kind.ts";
import type { NamedRegion, Told, Traced } from "../traced.ts";
import { OTHER_SITE, UNKNOWN_SITE } from "./sites.ts";

/** Functions of a process that have a record. */
const FUNCTIONS_MOST = 50;

/** A function as it is shown; without a file where it is in none that is known. */
interface Shown {
  name: string;
  file: string | null;
}

const UNKNOWN: Shown = { name: "[unknown]", file: null };
const OTHER: Shown = { name: "[other]", file: null };

/** Who faulted: the busiest functions and, if they were asked for, the call chains. */
export async function whoRecords(
  traced: Traced,
  { names: regions }: Pick<Told, "names">,
  comm: string,
  symbols: Symbols,
): Promise<(FunctionRecord | StackRecord)[]> {
  const { places } = traced.callers.sites;
  const names = await symbols.resolve(traced.pid, places);
  const shown = places.map(({ address, mapping }, i): Shown => {
    const found: FunctionName | null = names[i] ?? null;
    if (found !== null) return found;
    if (mapping !== null) return unnamed(mapping.path);
    return address < 0 ? { name: "[kernel]", file: "[kernel]" } : UNKNOWN;
  });
  const nameAt = (site: number): Shown =>
    site === UNKNOWN_SITE ? UNKNOWN : site === OTHER_SITE ? OTHER : (shown[site] ?? UNKNOWN);
  return [...functionRecords(traced, regions, nameAt), ...stackRecords(traced, comm, nameAt)];
}

/** As perf does: code without a symbol is called by its file. */
function unnamed(path: string): Shown {
  const name = nameOf(kindOf({ path, permissions: "r-xp" }), path);
  return { name: name.startsWith("[") ? name : `[${name}]`, file: path === "" ? null : path };
}

interface Total extends Shown {
  minor: number;
  major: number;
  regions: Map<number, number>;
}

type Names = Told["names"];

function functionRecords(traced: Traced, known: Names, nameAt: (site: number) => Shown): FunctionRecord[] {
  const totals = new Map<string, Total>();
  for (const { site, minor, major, regions } of traced.callers.counts()) {
    const { name, file } = nameAt(site);
    const key = `${file ?? ""}\n${name}`;
    const total = totals.get(key) ?? { name, file, minor: 0, major: 0, regions: new Map() };
    totals.set(key, total);
    total.minor += minor;
    total.major += major;
    for (const [id, faults] of regions) total.regions.set(id, (total.regions.get(id) ?? 0) + faults);
  }
  return [...totals.values()]
    .sort((a, b) => b.minor + b.major - (a.minor + a.major))
    .slice(0, FUNCTIONS_MOST)
    .map((total) => recordOf(traced, total, mostIn(total.regions, known)));
}

function recordOf({ pid, minor, major }: Traced, total: Total, region: NamedRegion | null): FunctionRecord {
  return {
    type: "function",
    pid,
    function: total.name,
    file: total.file,
    minor: total.minor,
    major: total.major,
    share: (total.minor + total.major) / (minor + major),
    region: region?.name ?? null,
    regionStart: region && `0x${region.start.toString(16)}`,
  };
}

function mostIn(faults: ReadonlyMap<number, number>, known: Names): NamedRegion | null {
  let [most, best] = [0, -1];
  for (const [id, count] of faults) if (count > most) [most, best] = [count, id];
  return known.get(best) ?? null;
}

function* stackRecords(
  traced: Traced,
  comm: string,
  nameAt: (site: number) => Shown,
): Generator<StackRecord> {
  const { tree } = traced.callers;
  if (tree === null) return;
  const stacks = new Map<string, StackRecord>();
  for (const { sites, minor, major } of tree.chains()) {
    const frames = sites.map((site) => nameAt(site).name);
    const key = frames.join("\n");
    const known = stacks.get(key);
    if (known === undefined) stacks.set(key, { type: "stack", pid: traced.pid, comm, frames, minor, major });
    else {
      known.minor += minor;
      known.major += major;
    }
  }
  yield* [...stacks.values()].sort((a, b) => b.minor + b.major - (a.minor + a.major));
}
