import { helperPath } from "../paths.ts";
import { attempt, reasonOf } from "./attempt.ts";

/** Why a helper cannot work here, by its own trial (option -t); null if it can. */
export async function refusalOf(helper: string): Promise<string | null> {
  const tried = await attempt(helperPath(helper), ["-t"]);
  return tried.exitCode === 0 ? null : reasonOf(helper, tried).replace(`${helper}: `, "");
}
