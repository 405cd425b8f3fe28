import type { RegionKind } from "../../metric/map-record.ts";
import type { Mapping } from "../../procfs/maps.ts";
import { RegionPattern } from "../pattern/region-pattern.ts";
import { kindOf, nameOf } from "./kind.ts";

/** A part of an address space whose faults are told together. */
export class Region {
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
  vanished = false;
  #pattern: RegionPattern | null = null;

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

  get name(): string {
    return nameOf(this.kind, this.path);
  }

  get faults(): number {
    return this.minor + this.major;
  }

  /** Made with the first fault: most regions never have one. */
  get pattern(): RegionPattern {
    this.#pattern ??= new RegionPattern();
    return this.#pattern;
  }

  /** @param mapped pages that the fault mapped: 512 for a huge page */
  fault(page: number, tid: number, major: boolean, mapped = 1): void {
    if (major) this.major++;
    else this.minor++;
    this.pattern.fault(page, tid, major, mapped);
  }

  /** The process forked: its next writes are copies, no refaults. */
  forked(): void {
    this.#pattern?.forked();
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
