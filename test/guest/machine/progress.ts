const isTerminal = process.stderr.isTTY === true;
/** Where lines cannot be overwritten, one every so often is enough. */
const PAUSE_MS = 30_000;

/** One line for people on standard error. */
export function say(text: string): void {
  process.stderr.write(`guest: ${text}\n`);
}

/** A line that is overwritten as things go on. */
export class Progress {
  #last = 0;

  update(text: string): void {
    if (isTerminal) {
      process.stderr.write(`\r\x1b[Kguest: ${text}`);
    } else if (Date.now() - this.#last >= PAUSE_MS) {
      this.#last = Date.now();
      say(text);
    }
  }

  end(): void {
    if (isTerminal) process.stderr.write("\r\x1b[K");
  }
}
