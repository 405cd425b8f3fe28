import { EXIT, UserError } from "../cli/error.ts";
import { damon } from "./damon.ts";
import { idle } from "./idle.ts";
import { METHODS, type Method, type MethodChoice, type MethodName } from "./method.ts";
import { refault } from "./refault.ts";
import { referenced } from "./referenced.ts";
import { softdirty } from "./softdirty.ts";
import { written } from "./written.ts";

const ALL: Record<MethodName, Method> = { idle, referenced, written, softdirty, damon, refault };

/** Those that only look: what pages the target out is done when it is asked for by name. */
const ALL_HARMLESS = METHODS.filter((name) => name !== "refault");

/** Those that tell reads and writes and only look, the most trustworthy first. */
const AUTO: readonly MethodName[] = ["idle", "referenced"];

export interface ChosenMethods {
  methods: Method[];
  why: string;
}

/**
 * The methods that were asked for, the first that works here, or all that do; several take turns.
 *
 * @throws UserError when the one asked for cannot be had, or none can
 */
export async function chooseMethods(asked: MethodChoice): Promise<ChosenMethods> {
  if (asked !== "auto" && asked !== "all") {
    for (const name of asked) {
      const refusal = await ALL[name].refusal();
      if (refusal !== null) throw new UserError(`method ${name}: ${refusal}`, EXIT.prerequisite);
    }
    return { methods: asked.map((name) => ALL[name]), why: "asked for" };
  }
  const candidates = asked === "all" ? ALL_HARMLESS : AUTO;
  const refusals: string[] = [];
  const methods: Method[] = [];
  for (const name of candidates) {
    const refusal = await ALL[name].refusal();
    if (refusal === null) methods.push(ALL[name]);
    else refusals.push(`${name}: ${refusal}`);
    if (asked === "auto" && methods.length > 0) break;
  }
  const [first] = methods;
  if (first === undefined) throw new UserError(refusals.join("; "), EXIT.prerequisite);
  const reason = asked === "all" ? "all that work here" : first.description;
  return { methods, why: [reason, ...refusals.map((text) => `not ${text}`)].join("; ") };
}
