import assert from "node:assert/strict";
import { parseBpftraceLine } from "../../../lib/source/bpftrace/json.ts";
import type { Maps } from "../../../lib/source/bpftrace/maps.ts";
import { startTracer } from "../../../lib/subprocess/tracer.ts";

const NOTIFY = "__BPFTRACE_NOTIFY_PROBES_ATTACHED";

/** bpftrace with its probes attached. */
export interface Attached {
  /** Detaches; its maps at the end. */
  maps(): Promise<Maps>;
}

/** Starts `bpftrace -f json ARGS` and waits until it counts. */
export async function attach(...args: string[]): Promise<Attached> {
  const maps: Maps = new Map();
  let ready = (): void => undefined;
  const attached = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const watch = (line: string): void => {
    if (line.includes(NOTIFY)) ready();
  };
  const tracer = await startTracer("bpftrace", ["-f", "json", ...args], {
    env: { [NOTIFY]: "1" },
    onErrorLine: watch,
    onLine: (line) => {
      watch(line);
      const message = parseBpftraceLine(line);
      if (message.type === "map") maps.set(message.name, message.entries);
    },
  });
  const early = await Promise.race([attached, tracer.ended]);
  assert.equal(early, undefined, `bpftrace ended: ${early?.cause}`);
  return {
    async maps() {
      await tracer.stop();
      return maps;
    },
  };
}

/** What a map holds for a process; nothing counted is 0. */
export const countOf = (maps: Maps, name: string, pid: number): number =>
  Number(maps.get(name)?.get(String(pid)) ?? 0);
