import { EXIT, UserError } from "../../cli/error.ts";
import { withFix } from "../../kernel/fix.ts";
import { startTracer, type Tracer } from "../../subprocess/tracer.ts";

/** Printed once all probes are attached, on stderr or stdout by version. */
const READY = "__BPFTRACE_NOTIFY_PROBES_ATTACHED";
const ATTACH_LIMIT_MS = 30_000;

export interface BpftraceRun {
  program: string;
  /** How many keys a map may hold. */
  keys: number;
  /** One JSON object a line, or text: a map of many keys is then as many lines, and not one. */
  format: "json" | "text";
  onLine: (line: string) => void;
}

/**
 * Runs a program of bpftrace; resolves once all its probes are attached.
 *
 * @throws UserError when bpftrace is missing or its probes do not attach
 */
export async function startBpftrace({ program, keys, format, onLine }: BpftraceRun): Promise<Tracer> {
  let attached: (value: boolean) => void = () => undefined;
  const ready = new Promise<boolean>((resolve) => {
    attached = resolve;
  });
  const tracer = await startTracer("bpftrace", ["-f", format, "-e", program], {
    // both names of each: what one version reads the other ignores (docs/sources.md)
    env: {
      [READY]: "1",
      BPFTRACE_MAP_KEYS_MAX: String(keys),
      BPFTRACE_MAX_MAP_KEYS: String(keys),
    },
    onLine: (line) => {
      if (line.includes(READY)) attached(true);
      else onLine(line);
    },
    onErrorLine: (line) => {
      if (line.includes(READY)) attached(true);
    },
  });
  void tracer.ended.then(() => attached(false));
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    void tracer.stop();
  }, ATTACH_LIMIT_MS);
  const isAttached = await ready;
  clearTimeout(limit);
  if (isAttached) return tracer;
  const end = await tracer.stop();
  const why = late ? `its probes were not attached after ${ATTACH_LIMIT_MS / 1000} s` : end.cause;
  throw new UserError(`bpftrace: ${withFix(why)}`, EXIT.prerequisite);
}
