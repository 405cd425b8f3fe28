import { readSmaps, type SmapsEntry } from "../procfs/smaps.ts";
import { type Helper, type LastLine, type MappingLine, spanOf } from "./helper.ts";
import type { Reading, Tracking } from "./method.ts";
import type { Span } from "./window.ts";

export interface HelperTrackingOptions<Line extends MappingLine, Last extends LastLine> {
  pid: number;
  helper: Helper;
  /** What the helper is told to begin a window, and to tell of it. */
  commands: { mark: string; read: string };
  /** Done once the marks are set: false when the process is gone. */
  afterMark?: () => boolean;
  /** What was told, beside the mappings of smaps, which was read just after it. */
  readingOf: (told: readonly Line[], entries: readonly SmapsEntry[], last: Last) => Reading;
  /** Instead of ending the helper. */
  close?: () => Promise<void>;
}

/** A process whose pages a helper marks and reads. */
export class HelperTracking<Line extends MappingLine, Last extends LastLine = LastLine> implements Tracking {
  readonly #options: HelperTrackingOptions<Line, Last>;
  span: Span | null = null;

  constructor(options: HelperTrackingOptions<Line, Last>) {
    this.#options = options;
  }

  async mark(): Promise<boolean> {
    const { helper, commands, afterMark } = this.#options;
    const answer = await helper.ask(commands.mark);
    if (answer === null) return false;
    this.span = spanOf(answer.last);
    if (afterMark === undefined) return true;
    if (!afterMark()) return false;
    this.span.to = performance.now();
    return true;
  }

  async read(): Promise<Reading | null> {
    const { pid, helper, commands, readingOf } = this.#options;
    const answer = await helper.ask<Line, Last>(commands.read);
    if (answer === null) return null;
    this.span = spanOf(answer.last);
    const entries = readSmaps(pid);
    if (entries === null || entries.length === 0) return null;
    return readingOf(answer.mappings, entries, answer.last);
  }

  close(): Promise<void> {
    const { helper, close } = this.#options;
    return close === undefined ? helper.close() : close();
  }
}
