import { CodeFiles, type IsMapped, ofBuildId, unchangedSince } from "./code-files.ts";
import { demangle } from "./demangle.ts";
import { Kallsyms } from "./kallsyms.ts";
import { functionsIn, openPerfMap } from "./perf-map.ts";
import {
  type CodeMapping,
  type FilePlace,
  type FunctionName,
  fileKey,
  isKernel,
  isWritten,
  type Place,
} from "./place.ts";

export interface SymbolsOptions {
  /** Whether a file is the one that was mapped (default: unless it changes from now on). */
  isMapped?: IsMapped;
  readKernel?: () => Kallsyms;
  /** The map that a process's JIT writes. */
  openMap?: typeof openPerfMap;
}

/**
 * Names the functions that places are in: by the symbols of files, the kernel's, and what JITs tell.
 * Nothing is read before it is asked for. A place that no symbol covers has no name: none is made up.
 */
export class Symbols {
  readonly #files: CodeFiles;
  readonly #readKernel: () => Kallsyms;
  readonly #openMap: typeof openPerfMap;
  #kernel: Kallsyms | null = null;
  readonly #demangled = new Map<string, string>();

  constructor({ isMapped, readKernel, openMap }: SymbolsOptions = {}) {
    this.#files = new CodeFiles(isMapped ?? unchangedSince(Date.now()));
    this.#readKernel = readKernel ?? (() => Kallsyms.read());
    this.#openMap = openMap ?? openPerfMap;
  }

  /**
   * Of processes that ran at another time, maybe on another machine: only of files that have the build ids which were
   * recorded for their paths. Of the kernel, and of code that processes made, nothing is known any more.
   */
  static recorded(buildIds: ReadonlyMap<string, string>): Symbols {
    return new Symbols({
      isMapped: ofBuildId(buildIds),
      readKernel: () => new Kallsyms(Buffer.alloc(0)),
      openMap: () => null,
    });
  }

  /** Tells of code as it is first seen, while the process may still be there. */
  hold(pid: number, mapping: CodeMapping): void {
    this.#files.hold(pid, mapping);
  }

  /** The function of each place of one process, or null. */
  async resolve(pid: number, places: readonly Place[]): Promise<(FunctionName | null)[]> {
    const names = new Map<Place, FunctionName>();
    for (const place of places) {
      const found = isKernel(place) ? this.#kernelFunction(place.address) : null;
      if (found) names.set(place, found);
    }
    const mapped = places.filter((place): place is FilePlace => place.mapping !== null);
    this.#inFiles(
      mapped.filter(({ mapping }) => !isWritten(mapping)),
      names,
    );
    this.#inWritten(
      pid,
      mapped.filter(({ mapping }) => isWritten(mapping)),
      names,
    );
    await this.#demangle(names.values());
    return places.map((place) => {
      const found = names.get(place);
      return found ? { ...found, name: this.#demangled.get(found.name) ?? found.name } : null;
    });
  }

  close(): void {
    this.#files.close();
  }

  #kernelFunction(address: number): FunctionName | null {
    this.#kernel ??= this.#readKernel();
    const found = this.#kernel.at(address);
    return found && { name: found.name, file: `[${found.module ?? "kernel"}]` };
  }

  #inFiles(places: readonly FilePlace[], names: Map<Place, FunctionName>): void {
    const byFile = new Map<string, FilePlace[]>();
    for (const place of places) {
      if (place.mapping.inode === 0) continue;
      const group = byFile.get(fileKey(place.mapping));
      if (group) group.push(place);
      else byFile.set(fileKey(place.mapping), [place]);
    }
    for (const group of byFile.values()) {
      this.#files.names(group).forEach((name, i) => {
        const place = group[i];
        if (name !== null && place) names.set(place, { name, file: place.mapping.path });
      });
    }
  }

  /** Code that the process made itself: only it can tell. */
  #inWritten(pid: number, places: readonly Place[], names: Map<Place, FunctionName>): void {
    const opened = places.length > 0 ? this.#openMap(pid) : null;
    if (opened === null) return;
    const sorted = [...new Set(places.map(({ address }) => address))].sort((a, b) => a - b);
    const found = functionsIn(opened.map, sorted);
    opened.map.close();
    for (const place of places) {
      const name = found.get(place.address);
      if (name !== undefined) names.set(place, { name, file: opened.path });
    }
  }

  async #demangle(found: Iterable<FunctionName>): Promise<void> {
    const asked = [...found].map(({ name }) => name).filter((name) => !this.#demangled.has(name));
    for (const [mangled, plain] of await demangle(asked)) this.#demangled.set(mangled, plain);
  }
}
