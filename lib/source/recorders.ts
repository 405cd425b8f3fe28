import { EXIT, messageOf, UserError } from "../cli/error.ts";
import { attachPages } from "./bpftrace/pages/attach.ts";
import { attachRecorder } from "./faultrec/attach.ts";
import { FaultrecEncoder } from "./faultrec/encode.ts";
import { attachPerfScript } from "./perf-script/attach.ts";
import type { FaultSink, Recorder, RecorderOptions } from "./stream/recorder.ts";

/**
 * Recorders of faults, in the order of `auto`: what tells most comes first. faultrec and perf tell each fault,
 * bpftrace how many there were by page and step.
 */
export const RECORDERS = ["faultrec", "perf", "bpftrace"] as const;
export type RecorderName = (typeof RECORDERS)[number];

export interface Attached {
  name: RecorderName;
  recorder: Recorder;
  /** What did not attach before it, in words. */
  degraded: string[];
}

/** Gets the stream of faultrec, or what another tells as such a stream. */
type Tap = (chunk: Uint8Array) => void;

/**
 * Attaches the recorder that was asked for, or with `auto` the first that really attaches.
 *
 * @throws UserError with the reason of the one asked for, or of the first
 */
export async function attachVia(
  via: RecorderName | "auto",
  options: RecorderOptions,
  sink: FaultSink,
  tap?: Tap,
): Promise<Attached> {
  const names = via === "auto" ? RECORDERS : ([via] as const);
  return firstOf(names, (name) => attach(name, options, sink, tap));
}

/**
 * The first that attaches. Where one lacks nothing and yet does not attach, the others would not either: there is
 * nobody to record.
 */
export async function firstOf(
  [first, ...others]: readonly [RecorderName, ...RecorderName[]],
  attach: (name: RecorderName) => Promise<Recorder>,
): Promise<Attached> {
  try {
    return { name: first, recorder: await attach(first), degraded: [] };
  } catch (error) {
    if (!(error instanceof UserError) || error.exitStatus !== EXIT.prerequisite) throw error;
    for (const name of others) {
      const recorder = await attach(name).catch(() => null);
      if (recorder !== null)
        return { name, recorder, degraded: [`recorded by ${name}: ${messageOf(error)}`] };
    }
    throw error;
  }
}

async function attach(
  name: RecorderName,
  options: RecorderOptions,
  sink: FaultSink,
  tap: Tap | undefined,
): Promise<Recorder> {
  switch (name) {
    case "faultrec":
      return attachRecorder(options, sink, tap);
    case "perf":
      return attachPerfScript(options, tap === undefined ? sink : both(new FaultrecEncoder(tap), sink));
    case "bpftrace":
      if (tap !== undefined)
        throw new UserError("bpftrace counts faults by page: it has no stream of them for -o");
      return attachPages(options, sink);
  }
}

const both = (first: FaultSink, second: FaultSink): FaultSink => ({
  faults: (batch) => {
    first.faults(batch);
    second.faults(batch);
  },
  event: (event) => {
    first.event(event);
    second.event(event);
  },
});
