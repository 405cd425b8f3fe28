/**
 * Values pushed by a subprocess or a timer, taken by one `for await`.
 * Its end is explicit: `close()` after the last value, `fail()` with what went wrong.
 */
export class Queue<T> implements AsyncIterable<T> {
  #values: T[] = [];
  #wake: (() => void) | null = null;
  #closed = false;
  #error: unknown = null;

  push(value: T): void {
    if (this.#closed) return;
    this.#values.push(value);
    this.#notify();
  }

  close(): void {
    this.#closed = true;
    this.#notify();
  }

  /** Values pushed before are still delivered, then the iteration throws. */
  fail(error: unknown): void {
    if (this.#closed) return;
    this.#error = error;
    this.close();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = null;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const value = this.#values.shift();
      if (value !== undefined) {
        yield value;
        continue;
      }
      if (this.#closed) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#error !== null) throw this.#error;
  }
}
