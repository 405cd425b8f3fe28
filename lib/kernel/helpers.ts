import { accessSync, constants, readdirSync } from "node:fs";
import { helperPath, ROOT } from "../paths.ts";
import { attempt } from "./attempt.ts";
import { type Check, lacks, works } from "./capability.ts";
import { install } from "./fix.ts";

/** The C helpers: without them no tracer is started and no COMMAND is held. */
export const helpers: Check = {
  severity: "fail",
  loses: "everything but /proc: tracers and COMMAND are started by helpers",
  attempt: async () => {
    const names = readdirSync(`${ROOT}/helpers-c`)
      .filter((file) => file.endsWith(".c"))
      .map((file) => file.slice(0, -2));
    const missing = names.filter((name) => !isExecutable(helperPath(name)));
    // make's own idea of what is out of date: 1 with -q
    const make = await attempt("make", ["-C", `${ROOT}/helpers-c`, "-q", "-s"]);
    if (missing.length === 0) {
      return make.exitCode === 1
        ? lacks("built, but older than their source", "make -C helpers-c", {
            severity: "warn",
            loses: "their latest changes",
          })
        : works(`${names.join(", ")} are built`);
    }
    const gcc = await attempt("gcc", ["--version"]);
    const tools = [gcc.found ? "" : "gcc libc6-dev", make.found ? "" : "make"].filter((each) => each !== "");
    const detail = `not built: ${missing.join(", ")}`;
    return tools.length === 0
      ? lacks(detail, "make -C helpers-c")
      : lacks(
          `${detail}, and ${tools.join(" and ")} is missing`,
          `${install(...tools)} && make -C helpers-c`,
        );
  },
};

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
