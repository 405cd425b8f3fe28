import { startTracer } from "../../subprocess/tracer.ts";
import type { FaultSink } from "../stream/recorder.ts";
import { PerfScriptDecoder } from "./decode.ts";
import { scriptArguments } from "./options.ts";
import type { PerfRecording } from "./recording.ts";

export interface Replayed {
  /** Unix seconds of its first record, by the time of the last write to the file. */
  startedAt: number;
  /** From its first record to its last. */
  seconds: number;
  /** Minor and major faults in it. */
  faults: number;
  /** Why it was not read to its end, or null. */
  failure: string | null;
}

/** Tells the sink what is in a recording, in the order of time; ends early when the signal says so. */
export async function replayRecording(
  { file, format, written, cut }: PerfRecording,
  sink: FaultSink,
  signal: AbortSignal,
): Promise<Replayed> {
  const decoder = new PerfScriptDecoder({ ...format, base: null, pids: null, skipListed: false }, sink);
  const script = await startTracer("perf", scriptArguments(file, format.fields), {
    onChunk: (chunk) => decoder.push(chunk),
  });
  const stop = (): void => void script.stop();
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const { asked, exitCode, cause } = await script.ended;
  signal.removeEventListener("abort", stop);
  const died = cut ?? (asked || exitCode === 0 ? null : `perf script: ${cause}`);
  decoder.end(died);
  const seconds = decoder.time / 1e9;
  return { startedAt: written - seconds, seconds, faults: decoder.told, failure: died ?? decoder.damage };
}
