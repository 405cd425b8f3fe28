import { UserError } from "../cli/error.ts";
import type { View } from "./view.ts";

/** One view of several: one that fails is left out from there on, the others go on. */
export function combine<Kind>(
  views: readonly View<Kind>[],
  warn: (message: string) => void,
): Required<View<Kind>> {
  const working = new Set(views);
  let failure: UserError | null = null;
  const each = (action: (view: View<Kind>) => void): void => {
    for (const view of working) {
      try {
        action(view);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        working.delete(view);
        warn(error.message);
        failure = new UserError("", error.exitStatus);
      }
    }
  };
  return {
    take: (record) => each((view) => view.take(record)),
    flush: () => each((view) => view.flush?.()),
    end: () => {
      each((view) => view.end());
      if (failure !== null) throw failure;
    },
  };
}
