import { posix } from "node:path";
import { type Bytes, type OpenFile, openFile } from "./bytes.ts";
import { buildIdOf, debugLinkOf, type Elf, readElf } from "./elf.ts";

/** Where distributions put them; the root is a parameter for tests. */
export const DEBUG_ROOT = "/usr/lib/debug";

export interface DebugFile {
  elf: Elf;
  close(): void;
}

/**
 * The separate file with the symbols of a stripped one, where it is installed: by build id, else by the name
 * in .gnu_debuglink. It is taken only if its build id (or, without one, its CRC-32) proves that they belong together.
 * gdb's documentation, "Separate Debug Files".
 */
export function findDebugFile(elf: Elf, path: string, root = DEBUG_ROOT): DebugFile | null {
  const id = buildIdOf(elf);
  const link = debugLinkOf(elf);
  const folder = posix.dirname(path);
  const beside = link
    ? [`${folder}/${link.name}`, `${folder}/.debug/${link.name}`, `${root}${folder}/${link.name}`]
    : [];
  for (const candidate of [
    ...(id ? [`${root}/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`] : []),
    ...beside,
  ]) {
    const file = openFile(candidate);
    const debug = file && readElf(file);
    if (file && debug && belongs(file, debug, id, link?.crc ?? null))
      return { elf: debug, close: file.close };
    file?.close();
  }
  return null;
}

function belongs(file: OpenFile, debug: Elf, id: string | null, crc: number | null): boolean {
  if (id !== null) return buildIdOf(debug) === id;
  return crc !== null && crc32(file) === crc;
}

const POLYNOMIAL = 0xedb88320;
const PIECE = 1 << 20;

/** As in gzip; zlib.crc32 is not in every Node 20. */
export function crc32(file: Bytes): number {
  const table = Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? POLYNOMIAL ^ (c >>> 1) : c >>> 1;
    return c;
  });
  let crc = 0xffffffff;
  for (let at = 0; at < file.size; at += PIECE) {
    for (const byte of file.read(at, PIECE)) crc = (table[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
