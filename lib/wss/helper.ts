import { execa } from "execa";
import { EXIT, UserError } from "../cli/error.ts";
import { helperPath } from "../paths.ts";
import { causeIn } from "../subprocess/cause.ts";
import { forEachLine } from "../subprocess/lines.ts";
import { Queue } from "../subprocess/queue.ts";
import { fromMonotonic, type Span } from "./window.ts";

/** What a helper says of one mapping: addresses, and its own fields in bytes. */
export interface MappingLine {
  type: "mapping";
  start: string;
  end: string;
}

/** The line that ends an answer; times are CLOCK_MONOTONIC. */
export interface LastLine {
  type: string;
  beginNs: number;
  endNs: number;
}

export interface Answer<Line extends MappingLine, Last extends LastLine> {
  last: Last;
  mappings: Line[];
}

export const spanOf = ({ beginNs, endNs }: LastLine): Span => ({
  from: fromMonotonic(beginNs),
  to: fromMonotonic(endNs),
});

export interface HelperOptions {
  /** It puts something back when we are gone: so nothing may end it but the end of its standard input. */
  guardian?: boolean;
}

/**
 * A helper that answers what is written to its standard input: lines `mapping`, then a last one. It dies with this
 * process, through helpers-c/leash, or (a guardian) ends in its own time.
 */
export class Helper {
  readonly #name: string;
  readonly #child: ReturnType<typeof startChild>;
  readonly #lines: AsyncIterator<MappingLine | LastLine>;

  constructor(name: string, args: string[], { guardian = false }: HelperOptions = {}) {
    this.#name = name;
    this.#child = startChild(name, args, guardian);
    this.#child.stdin.on("error", () => undefined); // it ended first: ask() says why
    const lines = new Queue<MappingLine | LastLine>();
    void forEachLine(this.#child.stdout, (line) => lines.push(JSON.parse(line))).then(
      () => lines.close(),
      (error) => lines.fail(error),
    );
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /**
   * Null when the process is gone.
   *
   * @throws UserError with the helper's own words when it has ended
   */
  async ask<Line extends MappingLine, Last extends LastLine>(
    what: string,
  ): Promise<Answer<Line, Last> | null> {
    this.#child.stdin.write(what);
    const mappings: Line[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw await this.#failure();
      if (value.type === "gone") return null;
      if (value.type !== "mapping") return { last: value as Last, mappings };
      mappings.push(value as Line);
    }
  }

  /** What has no answer. */
  tell(what: string): void {
    this.#child.stdin.write(what);
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#child;
  }

  async #failure(): Promise<UserError> {
    const { exitCode, stderr, shortMessage } = await this.#child;
    const cause = causeIn(stderr.split("\n"))?.replace(`${this.#name}: `, "") ?? shortMessage ?? "it ended";
    return new UserError(
      `${this.#name}: ${cause}`,
      exitCode === EXIT.prerequisite ? EXIT.prerequisite : EXIT.failed,
    );
  }
}

function startChild(name: string, args: string[], guardian: boolean) {
  const [file = "", ...rest] = guardian
    ? [helperPath(name), ...args]
    : [helperPath("leash"), String(process.pid), helperPath(name), ...args];
  return execa(file, rest, {
    stdio: ["pipe", "pipe", "pipe"],
    buffer: { stdout: false },
    reject: false,
    detached: true, // a Ctrl-C of the terminal meets this process alone
    cleanup: !guardian,
    env: { LC_ALL: "C" },
  });
}
