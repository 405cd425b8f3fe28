import { readFileSync } from "node:fs";
import { bestOf, type Candidate } from "./best.ts";
import { lowerBound } from "./elf-symbols.ts";

/** A function of the kernel, and the module that brought it; null in the kernel itself. */
export interface KernelFunction {
  name: string;
  module: string | null;
}

const NEWLINE = 10;
const TAB = 9;
const SPACE = 32;
/** "ffffffff81000000 T name" */
const LINE_LEAST = 20;
/** Types of nm(1) that are code. */
const CODE = new Set(["t", "T", "w", "W"].map((letter) => letter.charCodeAt(0)));
/** Code begins at most so far before an address in it: the gaps between modules hold nobody's. */
const FUNCTION_MOST = 1 << 20;

/** The kernel's symbols, as /proc/kallsyms has them; proc_kallsyms(5). */
export class Kallsyms {
  readonly #text: Buffer;
  /** Addresses - 2^64, so that they are exact, ascending; data too, which ends the code before it. */
  readonly #addresses: Float64Array;
  /** Where the line of each address begins in the text. */
  readonly #lines: Uint32Array;

  constructor(text: Buffer) {
    this.#text = text;
    const lines: { address: number; at: number }[] = [];
    for (let at = 0, end = 0; at < text.length; at = end + 1) {
      end = text.indexOf(NEWLINE, at);
      if (end < 0) end = text.length;
      if (end - at < LINE_LEAST || text[at + 16] !== SPACE) continue;
      const high = Number.parseInt(text.toString("latin1", at, at + 8), 16);
      const low = Number.parseInt(text.toString("latin1", at + 8, at + 16), 16);
      const address = (high | 0) * 2 ** 32 + low;
      if (address < 0) lines.push({ address, at });
    }
    lines.sort((a, b) => a.address - b.address || a.at - b.at);
    this.#addresses = Float64Array.from(lines, ({ address }) => address);
    this.#lines = Uint32Array.from(lines, ({ at }) => at);
  }

  /** @returns the kernel's symbols; none where it hides their addresses (kptr_restrict) or they cannot be read */
  static read(path = "/proc/kallsyms"): Kallsyms {
    try {
      return new Kallsyms(readFileSync(path));
    } catch {
      return new Kallsyms(Buffer.alloc(0));
    }
  }

  /** It has told no address: all are 0 to those without privilege. */
  get hidden(): boolean {
    return this.#addresses.length === 0;
  }

  /** The function at an address of the kernel (negative: minus 2^64), or null where none is known. */
  at(address: number): KernelFunction | null {
    const after = lowerBound(this.#addresses, address + 1);
    const start = this.#addresses[after - 1];
    if (start === undefined || address - start > FUNCTION_MOST) return null;
    const candidates: (Candidate & { module: string | null })[] = [];
    for (let i = after - 1; this.#addresses[i] === start; i--) {
      const symbol = this.#symbol(this.#lines[i] ?? 0);
      if (symbol) candidates.push(symbol);
    }
    const name = bestOf(candidates.reverse());
    const found = candidates.find((candidate) => candidate.name === name);
    return found ? { name: found.name, module: found.module } : null;
  }

  #symbol(at: number): (Candidate & { module: string | null }) | null {
    const type = this.#text[at + 17] ?? 0;
    if (!CODE.has(type)) return null;
    const end = this.#text.indexOf(NEWLINE, at);
    const line = this.#text.toString("utf8", at + 19, end < 0 ? this.#text.length : end);
    const [name = "", module] = line.split(String.fromCharCode(TAB));
    const letter = String.fromCharCode(type);
    return {
      name,
      module: /^\[(.*)\]$/.exec(module ?? "")?.[1] ?? null,
      weak: letter === "w" || letter === "W",
      global: letter === letter.toUpperCase(),
    };
  }
}
