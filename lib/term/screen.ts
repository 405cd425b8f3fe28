const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/**
 * Lines on a terminal that are drawn again in their place: nothing of the terminal's state is changed, so
 * that nothing is left behind however the tool ends. CUU, EL and ED of ECMA-48.
 */
export class Screen {
  readonly #write: (text: string) => void;
  #drawn = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Each line is cleared by itself: a whole screen that is cleared flickers, and tmux keeps it as history. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}${CLEAR_LINE}\n`).join("");
    this.#write(`${this.#up()}${text}${this.#drawn > lines.length ? CLEAR_BELOW : ""}`);
    this.#drawn = lines.length;
  }

  /** Takes the lines away. */
  clear(): void {
    if (this.#drawn > 0) this.#write(`${this.#up()}${`${CLEAR_LINE}\n`.repeat(this.#drawn)}${this.#up()}`);
    this.#drawn = 0;
  }

  #up(): string {
    return this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A\r`;
  }
}
