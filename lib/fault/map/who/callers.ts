import type { CodeMapping } from "../../../symbols/place.ts";
import type { Region } from "../region.ts";
import { CallTree } from "./call-tree.ts";
import { Counts, PairTable } from "./pair-table.ts";
import { type Locate, OTHER_SITE, Sites } from "./sites.ts";

/** Pairs of place and region that are told apart: beyond, only which region a place faults in gets less exact. */
const PAIRS_MOST = 131_072;

/** How often one place faulted, and where: [region, faults] for each region. */
export interface SiteCount {
  /** Of Sites, OTHER_SITE included. */
  site: number;
  minor: number;
  major: number;
  regions: [id: number, faults: number][];
}

/** Counts the faults of a process by the instruction that took them and, if asked for, by the calls that led there. */
export class Callers {
  readonly sites: Sites;
  readonly tree: CallTree | null;
  readonly #minor = new Counts();
  readonly #major = new Counts();
  readonly #pairs = new PairTable(PAIRS_MOST);
  readonly #pairCounts = new Counts();
  /** What the last fault was: the next is mostly alike. */
  #ip = Number.NaN;
  #region = -1;
  #site = OTHER_SITE;
  #pair = -1;

  constructor(locate: Locate, { hold, stacks }: { hold?: (mapping: CodeMapping) => void; stacks: boolean }) {
    this.sites = new Sites(locate, hold);
    this.tree = stacks ? new CallTree(this.sites) : null;
  }

  fault(ip: number, { id }: Region, major: boolean): void {
    if (ip !== this.#ip || id !== this.#region) {
      this.#site = this.sites.of(ip);
      this.#pair = this.#pairs.of(this.#site, id);
      this.#ip = ip;
      this.#region = id;
    }
    (major ? this.#major : this.#minor).add(this.#site - OTHER_SITE);
    if (this.#pair >= 0) this.#pairCounts.add(this.#pair);
  }

  /** Code was mapped where there may have been other code. */
  mapped(mapping: CodeMapping): void {
    this.sites.replaced(mapping);
    this.#forgetLast();
  }

  /** exec */
  clear(): void {
    this.sites.clear();
    this.#forgetLast();
  }

  counts(): SiteCount[] {
    const regions = new Map<number, [number, number][]>();
    for (let pair = 0; pair < this.#pairs.size; pair++) {
      const site = this.#pairs.first(pair);
      const entry: [number, number] = [this.#pairs.second(pair), this.#pairCounts.of(pair)];
      const known = regions.get(site);
      if (known) known.push(entry);
      else regions.set(site, [entry]);
    }
    return [OTHER_SITE, ...this.sites.places.keys()]
      .map((site) => ({
        site,
        minor: this.#minor.of(site - OTHER_SITE),
        major: this.#major.of(site - OTHER_SITE),
        regions: regions.get(site) ?? [],
      }))
      .filter(({ minor, major }) => minor + major > 0);
  }

  #forgetLast(): void {
    this.#ip = Number.NaN;
    this.tree?.forgetLast();
  }
}
