import { bestOf } from "./best.ts";
import { type Elf, MACHINE_ARM, type Section, word } from "./elf.ts";

/** STT_* and STB_* of elf.h. */
const TYPE = { none: 0, function: 2, ifunc: 10 } as const;
const BIND = { global: 1, weak: 2 } as const;
const UNDEFINED = 0;
/** Symbols read at a time. */
const CHUNK = 32_768;
/** Names of one address that are compared. */
const ALIASES_MOST = 16;
/** C++ has names of many kilobytes. */
const NAME_MOST = 16_384;
/** Steps in all: functions hardly overlap, except in a damaged file. */
const STEPS_MOST = 1 << 22;

/** The innermost function so far that contains an address. */
interface Found {
  start: number;
  aliases: { nameAt: number; weak: boolean; global: boolean }[];
}

/**
 * The functions that contain these virtual addresses (ascending, distinct), by address, as one table of symbols
 * (SECTION.symtab or .dynsym) has them; what no symbol's size covers is not in it. One pass over the table:
 * memory is what the answer takes, however large the file.
 */
export function functionsAt(elf: Elf, type: number, addresses: readonly number[]): Map<number, string> {
  const names = new Map<number, string>();
  const symbols = elf.sections.find((section) => section.type === type);
  const strings = symbols && elf.sections[symbols.link];
  if (symbols === undefined || strings === undefined) return names;
  scan(elf, symbols, addresses).forEach((found, i) => {
    const name = found && nameOf(elf, strings, found);
    if (name) names.set(addresses[i] ?? 0, name);
  });
  return names;
}

function scan(elf: Elf, { offset, size }: Section, wanted: readonly number[]): (Found | undefined)[] {
  const best: (Found | undefined)[] = new Array(wanted.length);
  const [first, last] = [wanted[0], wanted.at(-1)];
  if (first === undefined || last === undefined) return best;
  const { bytes, wide } = elf;
  const entry = wide ? 24 : 16;
  const at = wide
    ? { info: 4, section: 6, value: 8, size: 16 }
    : { info: 12, section: 14, value: 4, size: 8 };
  const thumb = elf.machine === MACHINE_ARM ? 1 : 0;
  const end = Math.min(offset + size, bytes.size);
  let steps = 0;
  for (let from = offset; from + entry <= end && steps < STEPS_MOST; from += CHUNK * entry) {
    const chunk = bytes.read(from, Math.min(CHUNK * entry, end - from));
    for (let i = 0; i + entry <= chunk.length; i += entry) {
      const value = word(chunk, i + at.value, wide);
      const start = value - (value % 2) * thumb;
      const stop = start + word(chunk, i + at.size, wide);
      if (stop <= first || start > last || stop === start) continue;
      const info = chunk[i + at.info] ?? 0;
      if (chunk.readUInt16LE(i + at.section) === UNDEFINED || !isCode(info & 15)) continue;
      const bind = info >> 4;
      const alias = {
        nameAt: chunk.readUInt32LE(i),
        weak: bind === BIND.weak,
        global: bind === BIND.global,
      };
      for (let k = lowerBound(wanted, start); k < wanted.length && (wanted[k] ?? stop) < stop; k++) {
        if (++steps >= STEPS_MOST) break;
        best[k] = better(best[k], start, alias);
      }
    }
  }
  return best;
}

const isCode = (type: number): boolean => type === TYPE.function || type === TYPE.ifunc || type === TYPE.none;

function better(found: Found | undefined, start: number, alias: Found["aliases"][number]): Found {
  if (found === undefined || start > found.start) return { start, aliases: [alias] };
  if (start === found.start && found.aliases.length < ALIASES_MOST) found.aliases.push(alias);
  return found;
}

function nameOf({ bytes }: Elf, strings: Section, { aliases }: Found): string | null {
  return bestOf(
    aliases.map(({ nameAt, weak, global }) => {
      const text = nameAt < strings.size ? bytes.read(strings.offset + nameAt, 256) : Buffer.alloc(0);
      const long = text.includes(0) ? text : bytes.read(strings.offset + nameAt, NAME_MOST);
      const end = long.indexOf(0);
      const name = long.toString("utf8", 0, Math.max(end, 0));
      // "memcpy@@GLIBC_2.14": the version is no part of the name
      return { name: name.replace(/@@?[A-Za-z][\w.]*$/, ""), weak, global };
    }),
  );
}

/** The index of the first element that is not below a value. */
export function lowerBound(sorted: readonly number[] | Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? value) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
