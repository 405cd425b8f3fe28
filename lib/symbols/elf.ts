import type { Bytes } from "./bytes.ts";

/** What of an ELF file is needed to find functions; elf(5), include/uapi/linux/elf.h. Little endian only. */
export interface Elf {
  readonly bytes: Bytes;
  readonly wide: boolean;
  /** e_machine. */
  readonly machine: number;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];
}

/** PT_LOAD: what is mapped from where. */
export interface Segment {
  offset: number;
  address: number;
  fileSize: number;
}

export interface Section {
  name: string;
  type: number;
  offset: number;
  size: number;
  link: number;
}

export const SECTION = { symtab: 2, note: 7, nobits: 8, dynsym: 11 } as const;
export const MACHINE_ARM = 40;

const PT_LOAD = 1;
const MAGIC = 0x464c457f;
const LITTLE_ENDIAN = 1;
/** More than any linker makes; beyond are damaged files. */
const SEGMENTS_MOST = 1024;
const SECTIONS_MOST = 65_536;
const NAMES_MOST = 1 << 20;

/** Reads the tables of an ELF file; null where it is none. Total: whatever the bytes are. */
export function readElf(bytes: Bytes): Elf | null {
  const head = bytes.read(0, 64);
  if (head.length < 52 || head.readUInt32LE(0) !== MAGIC || head[5] !== LITTLE_ENDIAN) return null;
  const wide = head[4] === 2;
  if ((!wide && head[4] !== 1) || (wide && head.length < 64)) return null;
  const at = wide
    ? { phoff: 32, shoff: 40, phentsize: 54, phnum: 56, shentsize: 58, shnum: 60, shstrndx: 62 }
    : { phoff: 28, shoff: 32, phentsize: 42, phnum: 44, shentsize: 46, shnum: 48, shstrndx: 50 };
  const half = (offset: number): number => head.readUInt16LE(offset);
  const segments = table(
    bytes,
    word(head, at.phoff, wide),
    half(at.phentsize),
    Math.min(half(at.phnum), SEGMENTS_MOST),
    wide ? 56 : 32,
  ).flatMap((entry) => segmentOf(entry, wide) ?? []);
  const shoff = word(head, at.shoff, wide);
  const raw = table(
    bytes,
    shoff,
    half(at.shentsize),
    Math.min(half(at.shnum), SECTIONS_MOST),
    wide ? 64 : 40,
  );
  const unnamed = raw.map((entry) => sectionOf(entry, wide));
  const names = unnamed[half(at.shstrndx)];
  const text = names ? bytes.read(names.offset, Math.min(names.size, NAMES_MOST)) : Buffer.alloc(0);
  const sections = unnamed.map(({ nameAt, ...section }) => ({ ...section, name: stringAt(text, nameAt) }));
  return { bytes, wide, machine: half(18), segments, sections };
}

/** The virtual address of a byte of the file, as its segments are mapped; null outside of them. */
export function addressOf({ segments }: Elf, offset: number): number | null {
  const segment = segments.find((each) => offset >= each.offset && offset < each.offset + each.fileSize);
  return segment ? offset - segment.offset + segment.address : null;
}

/** The GNU build id in hexadecimal, which a separate debug file shares; null where there is none. */
export function buildIdOf({ bytes, sections }: Elf): string | null {
  const note = sections.find(({ name, type }) => name === ".note.gnu.build-id" && type === SECTION.note);
  if (note === undefined) return null;
  const data = bytes.read(note.offset, Math.min(note.size, 256));
  if (data.length < 16) return null;
  const start = 12 + data.readUInt32LE(0);
  const length = data.readUInt32LE(4);
  if (length === 0 || start + length > data.length) return null;
  return data.subarray(start, start + length).toString("hex");
}

/** Where .gnu_debuglink points: a file name, and the CRC-32 of that file. */
export function debugLinkOf({ bytes, sections }: Elf): { name: string; crc: number } | null {
  const section = sections.find(({ name, type }) => name === ".gnu_debuglink" && type !== SECTION.nobits);
  if (section === undefined) return null;
  const data = bytes.read(section.offset, Math.min(section.size, 4096));
  const name = stringAt(data, 0);
  const at = Math.ceil((name.length + 1) / 4) * 4;
  if (name === "" || name.includes("/") || at + 4 > data.length) return null;
  return { name, crc: data.readUInt32LE(at) };
}

/** The characters up to the next NUL; one byte a character is right for names of sections. */
export function stringAt(bytes: Buffer, offset: number): string {
  if (offset >= bytes.length) return "";
  const end = bytes.indexOf(0, offset);
  return bytes.toString("utf8", offset, end < 0 ? bytes.length : end);
}

/** An address or size; exact to 2^53, and what is larger is in no file. */
export function word(bytes: Buffer, at: number, wide: boolean): number {
  return wide ? bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at) : bytes.readUInt32LE(at);
}

function table(bytes: Bytes, offset: number, size: number, count: number, least: number): Buffer[] {
  if (size !== least) return [];
  const data = bytes.read(offset, size * count);
  return Array.from({ length: Math.floor(data.length / size) }, (_, i) =>
    data.subarray(i * size, (i + 1) * size),
  );
}

function segmentOf(entry: Buffer, wide: boolean): Segment | null {
  if (entry.readUInt32LE(0) !== PT_LOAD) return null;
  return {
    offset: word(entry, wide ? 8 : 4, wide),
    address: word(entry, wide ? 16 : 8, wide),
    fileSize: word(entry, wide ? 32 : 16, wide),
  };
}

function sectionOf(entry: Buffer, wide: boolean): Omit<Section, "name"> & { nameAt: number } {
  return {
    nameAt: entry.readUInt32LE(0),
    type: entry.readUInt32LE(4),
    offset: word(entry, wide ? 24 : 16, wide),
    size: word(entry, wide ? 32 : 20, wide),
    link: entry.readUInt32LE(wide ? 40 : 24),
  };
}
