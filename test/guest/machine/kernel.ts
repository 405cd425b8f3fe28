import { builtKernel } from "./built-kernel.ts";
import { debianKernel } from "./debian-kernel.ts";

/** The lanes: a kernel built to have everything, and the one that a distribution's user has. */
export const KERNELS = ["built", "debian"] as const;
export type KernelName = (typeof KERNELS)[number];

export interface Kernel {
  /** What QEMU boots: a bzImage, or an ELF vmlinux with a PVH entry. */
  image: string;
  /** Files of the modules that the guest needs to reach its root, in the order of loading. */
  modules: string[];
}

/** Each throws a UserError when it can neither be found nor made. */
export const findKernel: Record<KernelName, (signal?: AbortSignal) => Promise<Kernel>> = {
  built: builtKernel,
  debian: debianKernel,
};
