import { errnoOf, messageOf } from "./error.ts";

/**
 * Our standard output. Who reads it may leave early (`| head`): that ends the measurement and is no
 * failure. A full disk is one, kept in `failed` until the tool has ended in order.
 */
export class StandardOutput {
  /** Why output was lost; null while none was. */
  failed: string | null = null;
  #closed = false;

  constructor(onLost: () => void) {
    process.stdout.on("error", (error) => {
      if (this.#closed) return;
      this.#closed = true;
      if (errnoOf(error) !== "EPIPE") this.failed = `cannot write to standard output: ${messageOf(error)}`;
      onLost();
    });
  }

  get isTTY(): boolean {
    return process.stdout.isTTY === true;
  }

  /** Rows of the terminal, or null. */
  get rows(): number | null {
    return this.isTTY ? process.stdout.rows : null;
  }

  /** Columns of the terminal, or null. */
  get columns(): number | null {
    return this.isTTY ? process.stdout.columns : null;
  }

  line(text: string): void {
    this.write(`${text}\n`);
  }

  write(text: string): void {
    if (!this.#closed) process.stdout.write(text);
  }

  /** Resolves when all that was written has been taken, or cannot be any more. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed || process.stdout.writableLength === 0) setImmediate(resolve);
      else process.stdout.write("", () => resolve());
    });
  }
}
