import { Counts, PairTable } from "./pair-table.ts";
import { OTHER_SITE, type Sites, UNKNOWN_SITE } from "./sites.ts";

/** Distinct beginnings of call chains, from the outermost caller on; what comes beyond is counted as one. */
const NODES_MOST = 1 << 18;
/** The kernel's own limit is kernel.perf_event_max_stack, 127 by default. */
const DEPTH_MOST = 1024;
const ROOT = -1;

/** A call chain, outermost first, as sites; UNKNOWN_SITE where the chain leads nowhere. */
export interface Chain {
  sites: number[];
  minor: number;
  major: number;
}

/** Counts call chains as a tree: chains that begin alike share what they have in common. */
export class CallTree {
  readonly #sites: Sites;
  readonly #nodes = new PairTable(NODES_MOST);
  readonly #minor = new Counts();
  readonly #major = new Counts();
  /** The addresses and nodes of the last chain, outermost first: the next mostly begins alike. */
  readonly #lastAddress = new Float64Array(DEPTH_MOST);
  readonly #lastNode = new Int32Array(DEPTH_MOST);
  #lastDepth = 0;

  constructor(sites: Sites) {
    this.#sites = sites;
  }

  /**
   * Counts a fault at `ip` with links [from, to) of a chain in user space, innermost first. In user mode the
   * first link is ip itself; else the kernel faulted on behalf of the chain.
   */
  add(ip: number, chain: Float64Array, from: number, to: number, major: boolean): void {
    const first = chain[from] === ip ? from + 1 : from;
    let node = ROOT;
    let depth = 0;
    let isSame = true;
    for (let i = to - 1; i >= first && depth < DEPTH_MOST; i--, depth++) {
      // a call returns behind itself, which may be another function
      const address = (chain[i] ?? 0) - 1;
      isSame &&= depth < this.#lastDepth && this.#lastAddress[depth] === address;
      node = isSame ? (this.#lastNode[depth] ?? ROOT) : this.#step(node, this.#sites.caller(address));
      if (node === OTHER_SITE) break;
      this.#lastAddress[depth] = address;
      this.#lastNode[depth] = node;
    }
    this.#lastDepth = depth;
    if (node !== OTHER_SITE) node = this.#step(node, this.#sites.of(ip));
    (major ? this.#major : this.#minor).add(node - OTHER_SITE);
  }

  forgetLast(): void {
    this.#lastDepth = 0;
  }

  /** The chains that faulted, in the order they were first seen; [OTHER_SITE] stands for all beyond the limit. */
  *chains(): Generator<Chain> {
    for (let node = OTHER_SITE; node < this.#nodes.size; node++) {
      const [minor, major] = [this.#minor.of(node - OTHER_SITE), this.#major.of(node - OTHER_SITE)];
      if (minor + major === 0) continue;
      yield { sites: node === OTHER_SITE ? [OTHER_SITE] : this.#pathTo(node), minor, major };
    }
  }

  /** Links that lead nowhere, one after another, are one. */
  #step(node: number, site: number): number {
    if (site === UNKNOWN_SITE && node !== ROOT && this.#nodes.second(node) === UNKNOWN_SITE) return node;
    const next = this.#nodes.of(node, site);
    return next < 0 ? OTHER_SITE : next;
  }

  #pathTo(node: number): number[] {
    const sites: number[] = [];
    for (let at = node; at !== ROOT; at = this.#nodes.first(at)) sites.push(this.#nodes.second(at));
    return sites.reverse();
  }
}
