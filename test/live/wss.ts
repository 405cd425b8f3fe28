import type { WssRecord } from "../../lib/metric/wss-record.ts";
import { ROOT } from "../../lib/paths.ts";
import { type Program, start } from "../helpers-c/programs.ts";

/** Starts wss -j. */
export const startWss = (...args: string[]): Program =>
  start("node", ["--import", "tsx", `${ROOT}/scripts/wss.ts`, "-j", ...args]);

/** Its next record; null at its end. */
export async function nextRecord(program: Program): Promise<WssRecord | null> {
  const line = await program.line();
  return line === null ? null : JSON.parse(line);
}

/** The next record of a type. @throws when it ends without one */
export async function nextOf<Type extends WssRecord["type"]>(
  program: Program,
  type: Type,
): Promise<Extract<WssRecord, { type: Type }>> {
  for (;;) {
    const record = await nextRecord(program);
    if (record === null) throw new Error(`wss ended without a ${type}: ${(await program.end).stderr}`);
    if (record.type === type) return record as Extract<WssRecord, { type: Type }>;
  }
}

/** All that it still says, up to its end. */
export async function restOf(program: Program): Promise<WssRecord[]> {
  const records: WssRecord[] = [];
  for (let one = await nextRecord(program); one !== null; one = await nextRecord(program)) records.push(one);
  return records;
}
