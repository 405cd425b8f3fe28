/** What the kernel counts for the section of `known MODE N`, by the head of helpers-c/workload/known.c. */
export interface Mode {
  name: string;
  args: string[];
  minor: number;
  major: number;
}

/** Prime, so that no other count is it by chance. */
export const N = 211;

const minor = (name: string): Mode => ({ name, args: [name, String(N)], minor: N, major: 0 });
const major = (name: string, ...args: string[]): Mode => ({
  name,
  args: [name, ...args, String(N)],
  minor: 0,
  major: N,
});
const failed = (name: string): Mode => ({ ...minor(name), minor: 0 });

/** A file on a disk of its own (test/guest/machine/start.sh): the guest's root lies in memory. */
export const COLD: Mode = major("cold", "/run/guest/disk/cold");
export const SWAP: Mode = major("swap");

export const MODES: readonly Mode[] = [
  ...["touch", "read", "cow", "populate", "mlock", "vmwritev"].map(minor),
  COLD,
  SWAP,
  ...["segv", "sigbus"].map(failed),
];
