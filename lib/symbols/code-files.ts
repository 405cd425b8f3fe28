import { type OpenFile, openFile } from "./bytes.ts";
import { findDebugFile } from "./debug-file.ts";
import { addressOf, buildIdOf, type Elf, readElf, SECTION } from "./elf.ts";
import { functionsAt } from "./elf-symbols.ts";
import { type CodeMapping, type FilePlace, fileKey } from "./place.ts";

/** Files that are kept open; what comes later is opened by its path when its symbols are read. */
const HELD_MOST = 256;

/** Whether the file that a path leads to is the one that was mapped. */
export type IsMapped = (file: OpenFile, mapping: CodeMapping) => boolean;

/**
 * The same inode, or not changed since mappings were seen: on an overlay the inodes differ.
 *
 * @param sinceMs Unix time in ms
 */
export const unchangedSince =
  (sinceMs: number): IsMapped =>
  ({ inode, changedMs }, mapping) =>
    inode === mapping.inode || changedMs < sinceMs;

/** By the build ids (hexadecimal) that were recorded for paths: without one nothing is proved. */
export const ofBuildId =
  (recorded: ReadonlyMap<string, string>): IsMapped =>
  (file, { path }) => {
    const elf = readElf(file);
    const id = recorded.get(path);
    return elf !== null && id !== undefined && buildIdOf(elf) === id;
  };

/** One file that code was mapped from, as many processes may have mapped it. */
interface CodeFile {
  file: OpenFile | null;
  /** By the virtual address in the file; null where no symbol covers it. */
  names: Map<number, string | null>;
}

/** The files that code was mapped from, and the functions in them. Their symbols are read when they are asked for. */
export class CodeFiles {
  readonly #files = new Map<string, CodeFile>();
  readonly #isMapped: IsMapped;
  #held = 0;

  constructor(isMapped: IsMapped) {
    this.#isMapped = isMapped;
  }

  /** Opens the file while the process may still be there: it may be deleted, or of another mount namespace. */
  hold(pid: number, mapping: CodeMapping): void {
    if (mapping.inode === 0 || this.#files.has(fileKey(mapping)) || this.#held >= HELD_MOST) return;
    const range = `${mapping.start.toString(16)}-${mapping.end.toString(16)}`;
    const file =
      openFile(`/proc/${pid}/map_files/${range}`) ??
      this.#open(`/proc/${pid}/root${mapping.path}`, mapping) ??
      this.#open(mapping.path, mapping);
    if (file !== null) this.#held++;
    this.#files.set(fileKey(mapping), { file, names: new Map() });
  }

  /** The functions at places of one file; null where no symbol covers one. */
  names(places: readonly FilePlace[]): (string | null)[] {
    const mapping = places[0]?.mapping;
    if (mapping === undefined) return [];
    const known = this.#files.get(fileKey(mapping)) ?? {
      file: null,
      names: new Map<number, string | null>(),
    };
    this.#files.set(fileKey(mapping), known);
    const file = known.file ?? this.#open(mapping.path, mapping);
    const elf = file && readElf(file);
    if (elf === null) {
      if (file !== known.file) file?.close();
      return places.map(() => null);
    }
    const virtual = places.map(({ address, mapping: at }) => addressOf(elf, address - at.start + at.offset));
    const asked = virtual.filter((each): each is number => each !== null && !known.names.has(each));
    this.#look(
      elf,
      mapping.path,
      known,
      [...new Set(asked)].sort((a, b) => a - b),
    );
    if (file !== known.file) file?.close();
    return virtual.map((each) => (each === null ? null : (known.names.get(each) ?? null)));
  }

  close(): void {
    for (const { file } of this.#files.values()) file?.close();
    this.#files.clear();
  }

  /** By all symbols, its own or those of its separate debug file; where those say nothing by the dynamic ones. */
  #look(elf: Elf, path: string, { names }: CodeFile, asked: readonly number[]): void {
    if (asked.length === 0) return;
    const debug = hasSymbols(elf) ? null : findDebugFile(elf, path);
    const found = functionsAt(debug?.elf ?? elf, SECTION.symtab, asked);
    debug?.close();
    const missing = asked.filter((address) => !found.has(address));
    const dynamic = functionsAt(elf, SECTION.dynsym, missing);
    for (const address of asked) names.set(address, found.get(address) ?? dynamic.get(address) ?? null);
  }

  /** By a path, where it leads to the file that was mapped. */
  #open(path: string, mapping: CodeMapping): OpenFile | null {
    const file = openFile(path.replace(/ \(deleted\)$/, ""));
    if (file === null || this.#isMapped(file, mapping)) return file;
    file.close();
    return null;
  }
}

const hasSymbols = ({ sections }: Elf): boolean => sections.some(({ type }) => type === SECTION.symtab);
