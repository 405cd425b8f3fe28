import { readFileSync } from "node:fs";
import { FaultrecDecoder } from "../../lib/source/faultrec/decode.ts";

/**
 * `node --import tsx test/bench/decode.ts RECORDING`: how many faults a second the decoder reads, from
 * memory, in pieces as large as a pipe gives. RECORDING is what helpers-c/faultrec wrote.
 */
const PIECE = 64 * 1024;
const bytes = readFileSync(process.argv[2] ?? "");

for (let round = 1; round <= 8; round++) {
  let faults = 0;
  let sum = 0;
  const decoder = new FaultrecDecoder({
    faults: (batch) => {
      faults += batch.count;
      for (let i = 0; i < batch.count; i++) sum += batch.page[i] ?? 0;
    },
    event: () => undefined,
  });
  const began = performance.now();
  for (let at = 0; at < bytes.length; at += PIECE) decoder.push(bytes.subarray(at, at + PIECE));
  decoder.end();
  const seconds = (performance.now() - began) / 1000;
  console.log(`${faults} faults, ${(faults / seconds / 1e6).toFixed(1)} million a second (${sum % 97})`);
}
