import { helperPath } from "../paths.ts";
import { attempt, reasonOf } from "./attempt.ts";
import { type Check, lacks, works } from "./capability.ts";

/** Bits of UFFDIO_API: include/uapi/linux/userfaultfd.h; RWP and RWP_ASYNC are later than Linux 6.18. */
const FEATURES = { WP_ASYNC: 15n, RWP: 17n, RWP_ASYNC: 18n } as const;

export type UffdFeature = keyof typeof FEATURES;

/** The features that a mask has, of those that the tools would use. */
export const featuresIn = (mask: bigint): UffdFeature[] =>
  (Object.keys(FEATURES) as UffdFeature[]).filter((name) => (mask >> FEATURES[name]) & 1n);

/**
 * Read and write protection: the kernel itself would tell every touch, of a page, exactly. Named where it is there;
 * no tool uses it yet.
 */
export const uffdRwp: Check = {
  severity: "warn",
  loses: "nothing yet: with it reads could be told as exactly as writes",
  attempt: async () => {
    const tried = await attempt(helperPath("uffdfeatures"), []);
    if (tried.exitCode !== 0) return lacks(reasonOf("uffdfeatures", tried), null);
    const features = featuresIn(BigInt(tried.output.trim()));
    return features.includes("RWP")
      ? works(
          `userfaultfd protects against reads (${features.map((name) => `UFFD_FEATURE_${name}`).join(", ")})`,
        )
      : lacks("userfaultfd without UFFD_FEATURE_RWP: a kernel older than it", null);
  },
};
