import type { AccessTypes } from "../metric/record.ts";

/** Bits of the x86 page fault error code: arch/x86/include/asm/trap_pf.h. */
const PF_PRESENT = 1;
const PF_WRITE = 2;
const PF_USER = 4;
const PF_INSTRUCTION = 16;

/** Entries by error code, sorted into kinds of access. */
export function accessTypes(codes: ReadonlyMap<number, number>): AccessTypes {
  const types: AccessTypes = { read: 0, write: 0, execute: 0, copyOnWrite: 0, user: 0, kernel: 0 };
  for (const [code, n] of codes) {
    types[kindOf(code)] += n;
    types[code & PF_USER ? "user" : "kernel"] += n;
  }
  return types;
}

function kindOf(code: number): "read" | "write" | "execute" | "copyOnWrite" {
  if (code & PF_INSTRUCTION) return "execute";
  if (!(code & PF_WRITE)) return "read";
  return code & PF_PRESENT ? "copyOnWrite" : "write";
}

/** What came in between two readings. */
export function typesSince(
  now: ReadonlyMap<number, number>,
  before: ReadonlyMap<number, number>,
): Map<number, number> {
  return new Map([...now].map(([code, n]) => [code, n - (before.get(code) ?? 0)]));
}
