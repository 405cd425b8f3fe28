import { EXIT, UserError } from "../cli/error.ts";
import { helperPath } from "../paths.ts";
import { startDialogue } from "../subprocess/dialogue.ts";

/** Swap that somebody asked for (helpers-c/zramswap.c). */
export interface ZramSwap {
  /** Takes it down; what is in it comes back into memory. @throws UserError when it cannot */
  close(): Promise<void>;
}

/**
 * Compressed memory as swap, until it is closed or this process ends.
 *
 * @throws UserError where there is no zram, or no privilege
 */
export async function addZramSwap(mib: number): Promise<ZramSwap> {
  const helper = startDialogue<{ type: string }>(helperPath("zramswap"), [String(mib)]);
  if ((await helper.next()) === null) {
    const { exitCode, cause } = await helper.ended;
    throw new UserError(cause, exitCode === EXIT.prerequisite ? EXIT.prerequisite : EXIT.failed);
  }
  return {
    close: async () => {
      await helper.close();
      const { exitCode, cause } = await helper.ended;
      if (exitCode !== 0) throw new UserError(cause, EXIT.failed);
    },
  };
}
