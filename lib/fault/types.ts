import type { AccessTypes } from "../metric/record.ts";
import { FAULT } from "../source/stream/batch.ts";

/** What an access was. A write to a page that was present but not writable is copy-on-write. */
export const ACCESSES = ["read", "write", "execute", "copyOnWrite"] as const;
export type Access = (typeof ACCESSES)[number];

/** Bits of the x86 page fault error code: arch/x86/include/asm/trap_pf.h. */
const PF_PRESENT = 1;
const PF_WRITE = 2;
const PF_USER = 4;
const PF_INSTRUCTION = 16;

/** Entries by error code, sorted into kinds of access. */
export function accessTypes(codes: ReadonlyMap<number, number>): AccessTypes {
  const types: AccessTypes = { read: 0, write: 0, execute: 0, copyOnWrite: 0, user: 0, kernel: 0 };
  for (const [code, n] of codes) {
    types[accessOfCode(code)] += n;
    types[code & PF_USER ? "user" : "kernel"] += n;
  }
  return types;
}

const accessOfCode = (code: number): Access =>
  access((code & PF_PRESENT) !== 0, (code & PF_WRITE) !== 0, (code & PF_INSTRUCTION) !== 0);

function access(present: boolean, write: boolean, execute: boolean): Access {
  if (execute) return "execute";
  if (!write) return "read";
  return present ? "copyOnWrite" : "write";
}

/** By the flags of a fault: the index into ACCESSES, -1 where it is not known. */
const BY_FLAGS = Int8Array.from({ length: 64 }, (_, flags) =>
  (flags & FAULT.access) === 0
    ? -1
    : ACCESSES.indexOf(
        access((flags & FAULT.present) !== 0, (flags & FAULT.write) !== 0, (flags & FAULT.execute) !== 0),
      ),
);

/** What access a recorded fault was, as the index into ACCESSES; -1 where its entry was not seen. */
export const accessOf = (flags: number): number => BY_FLAGS[flags & 63] ?? -1;

/** What came in between two readings. */
export function typesSince(
  now: ReadonlyMap<number, number>,
  before: ReadonlyMap<number, number>,
): Map<number, number> {
  return new Map([...now].map(([code, n]) => [code, n - (before.get(code) ?? 0)]));
}
