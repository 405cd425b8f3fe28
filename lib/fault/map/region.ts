import type { RegionKind } from "../../metric/map-record.ts";
import type { Mapping } from "../../procfs/maps.ts";
import { PageCounts } from "../pattern/page-counts.ts";
import { RegionPattern } from "../pattern/region-pattern.ts";
import type { PatternVerdict } from "../pattern/verdict.ts";
import { RegionCost } from "./cost.ts";
import { kindOf, nameOf } from "./kind.ts";

let regions = 0;

/** A part of an address space whose faults are told together. */
export class Region {
  /** Of all regions of this run. */
  readonly id = regions++;
  readonly pid: number;
  start: number;
  end: number;
  permissions: string;
  kind: RegionKind;
  readonly path: string;
  readonly inode: number;
  readonly device: string;
  fileOffset: number;
  minor = 0;
  major = 0;
  /** Intervals of the address space that belong to it now. */
  parts = 0;
  /** How often it was mapped: anew in its place, each time without its pages. */
  mappings = 1;
  vanished = false;
  /** Of the regions that were taken in. */
  readonly absorbed = { pages: 0, refaults: 0 };
  readonly cost = new RegionCost();
  #pattern: RegionPattern | null = null;
  #counts: PageCounts | null = null;

  constructor(pid: number, mapping: Mapping) {
    this.pid = pid;
    this.start = mapping.start;
    this.end = mapping.end;
    this.permissions = mapping.permissions;
    this.kind = kindOf(mapping);
    this.path = mapping.path;
    this.inode = mapping.inode;
    this.device = mapping.device;
    this.fileOffset = mapping.offset;
  }

  /** A forked child's, beginning with one of its mappings; nothing is counted yet. */
  copyFor(
    pid: number,
    { start, end, offset, permissions }: Omit<Mapping, "device" | "inode" | "path">,
  ): Region {
    const { path, inode, device, kind } = this;
    const copy = new Region(pid, { start, end, offset, permissions, path, inode, device });
    copy.kind = kind;
    return copy;
  }

  get name(): string {
    return nameOf(this.kind, this.path);
  }

  get faults(): number {
    return this.minor + this.major;
  }

  /** @param mapped pages that the fault mapped: 512 for a huge page */
  fault(page: number, tid: number, major: boolean, mapped = 1): void {
    if (major) this.major++;
    else this.minor++;
    this.#pattern ??= new RegionPattern(); // with the first fault: most regions never have one
    this.#pattern.fault(page, tid, major, mapped);
  }

  /** Faults of one page that were counted: their place among others is not known. */
  counted(page: number, major: boolean, times: number): void {
    if (major) this.major += times;
    else this.minor += times;
    this.#counts ??= new PageCounts();
    this.#counts.fault(page, major, times);
  }

  /** Mapped again where it was, just as it was. */
  remapped(): void {
    this.mappings++;
    this.vanished = false;
    this.#pattern?.remapped();
  }

  /** Takes in the counts of another, whose pages are others; the order of its faults is lost. */
  absorb(other: Region): void {
    this.minor += other.minor;
    this.major += other.major;
    this.mappings += other.mappings;
    this.cost.absorb(other.cost);
    const { pages, refaults } = other.verdict(1, 1);
    this.absorbed.pages += pages;
    this.absorbed.refaults += refaults;
  }

  /** Its faults are counted by page: what was unmapped and mapped again in its place does not show. */
  get isCounted(): boolean {
    return this.#counts !== null;
  }

  /** The process forked: its next writes are copies, no refaults. */
  forked(): void {
    (this.#counts ?? this.#pattern)?.forked();
  }

  /** As RegionPattern has it; of counts it tells no pattern. */
  verdict(regionPages: number, around: number): PatternVerdict {
    return this.#counts?.verdict() ?? (this.#pattern ?? new RegionPattern()).verdict(regionPages, around);
  }

  /** The same file, not merely the same name. */
  isOf(mapping: Mapping): boolean {
    return (
      mapping.inode !== 0 &&
      this.inode === mapping.inode &&
      this.device === mapping.device &&
      this.path === mapping.path
    );
  }

  widen(mapping: Pick<Mapping, "start" | "end" | "offset">): void {
    if (mapping.start < this.start) this.fileOffset = mapping.offset;
    this.start = Math.min(this.start, mapping.start);
    this.end = Math.max(this.end, mapping.end);
  }
}
