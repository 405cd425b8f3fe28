import { type DecoderOptions, PerfScriptDecoder } from "../../../lib/source/perf-script/decode.ts";
import { RECORDED } from "../../../lib/source/perf-script/options.ts";
import { type Recording, sinkInto } from "../faultrec/recording.ts";

/** With the instruction and nothing else, all of it told. */
export const WITH_IP: DecoderOptions = {
  events: RECORDED,
  fields: { ip: true, physical: false, chain: false },
  base: null,
  pids: null,
  skipListed: false,
};

/** What the decoder makes of text that arrives in pieces of so many bytes. */
export function readScript(
  text: string | Uint8Array,
  options: Partial<DecoderOptions> = {},
  piece?: number,
): Recording {
  const bytes = Buffer.from(text);
  const recording: Recording = { faults: [], events: [] };
  const decoder = new PerfScriptDecoder({ ...WITH_IP, ...options }, sinkInto(recording));
  const step = piece ?? Math.max(1, bytes.length);
  for (let from = 0; from < bytes.length; from += step) decoder.push(bytes.subarray(from, from + step));
  decoder.end();
  return recording;
}
