import type { CodeMapping, Place } from "../../../symbols/place.ts";
import { PairTable } from "./pair-table.ts";

const PAGE = 4096;
const HIGH = 2 ** 32;
/** Distinct instructions of a process that are told apart. */
export const SITES_MOST = 65_536;
/** What is in no known code, and what came after the last place was taken. */
export const UNKNOWN_SITE = -1;
export const OTHER_SITE = -2;

/** The mapping at a page as it is now. */
export type Locate = (page: number) => (CodeMapping & { permissions: string }) | null;

/**
 * The places in code that a process faulted from, numbered as they are first seen. What was mapped at an
 * address is asked then, since it may be something else later.
 */
export class Sites {
  readonly #locate: Locate;
  readonly #hold: (mapping: CodeMapping) => void;
  readonly #table = new PairTable(SITES_MOST);
  readonly #places: Place[] = [];
  readonly #retired = new Set<number>();
  /** One object a mapping, however many places are in it. */
  readonly #mappings = new Map<string, CodeMapping>();

  /** @param hold is told each mapping with the first place in it */
  constructor(locate: Locate, hold: (mapping: CodeMapping) => void = () => undefined) {
    this.#locate = locate;
    this.#hold = hold;
  }

  get places(): readonly Place[] {
    return this.#places;
  }

  /** The number of an instruction, or OTHER_SITE where there is no room for it. */
  of(address: number): number {
    const number = this.#table.of(address | 0, Math.floor(address / HIGH));
    if (number === this.#places.length) this.#places.push({ address, mapping: this.#mappingOf(address) });
    return number < 0 ? OTHER_SITE : number;
  }

  /** The number of an address that should be code; UNKNOWN_SITE where it is none: there a broken chain leads. */
  caller(address: number): number {
    const known = this.#table.find(address | 0, Math.floor(address / HIGH));
    if (known >= 0) return this.#places[known]?.mapping ? known : UNKNOWN_SITE;
    return this.#mappingOf(address) === null ? UNKNOWN_SITE : this.of(address);
  }

  /** Something was mapped: what was in its place, unless it is the same, is no more. */
  replaced(mapping: CodeMapping): void {
    this.#retire(
      ({ address, mapping: old }) =>
        address >= mapping.start && address < mapping.end && (old === null || !isSame(old, mapping)),
    );
  }

  /** exec: all of the process's code is new. */
  clear(): void {
    this.#retire(({ address }) => address >= 0);
  }

  /** Their addresses will be numbered anew; what was counted for them stays. */
  #retire(isGone: (place: Place) => boolean): void {
    const before = this.#retired.size;
    this.#places.forEach((place, number) => {
      if (isGone(place)) this.#retired.add(number);
    });
    if (this.#retired.size > before) this.#table.forget((number) => this.#retired.has(number));
  }

  #mappingOf(address: number): CodeMapping | null {
    const found = address < 0 ? null : this.#locate(Math.floor(address / PAGE));
    if (found === null || found.permissions[2] !== "x") return null;
    const { start, end, offset, inode, path } = found;
    const key = `${inode} ${start - offset} ${path}`;
    const known = this.#mappings.get(key);
    if (known !== undefined) return known;
    const mapping = { start, end, offset, inode, path };
    this.#mappings.set(key, mapping);
    this.#hold(mapping);
    return mapping;
  }
}

/** The same bytes of the same file are at the same addresses; memory without a file always is. */
const isSame = (a: CodeMapping, b: CodeMapping): boolean =>
  a.inode === b.inode && a.path === b.path && (a.inode === 0 || a.start - a.offset === b.start - b.offset);
