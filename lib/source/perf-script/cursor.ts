/** A place in bytes of text, read forward. Makes no object, so that it keeps up with millions of lines a second. */
export class Cursor {
  bytes: Uint8Array = new Uint8Array();
  at = 0;
  /** The first byte that is not to be read. */
  end = 0;
  /** Of the last address(): the address divided by 4096, and its low 12 bits. */
  page = 0;
  offset = 0;

  set(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
  }

  /** The byte here, or 0 at the end. */
  peek(): number {
    return this.at < this.end ? (this.bytes[this.at] ?? 0) : 0;
  }

  blanks(): void {
    while (this.peek() === SPACE) this.at++;
  }

  /** Whether this byte is here; then it is behind us. */
  take(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.at++;
    return true;
  }

  /** Whether these bytes are here; then they are behind us. */
  takeAll(wanted: Uint8Array): boolean {
    if (this.end - this.at < wanted.length) return false;
    for (let i = 0; i < wanted.length; i++) if (this.bytes[this.at + i] !== wanted[i]) return false;
    this.at += wanted.length;
    return true;
  }

  /** A decimal number, or NaN where there is none. */
  decimal(): number {
    const from = this.at;
    let value = 0;
    for (let digit = this.peek() - ZERO; digit >= 0 && digit <= 9; digit = this.peek() - ZERO) {
      value = value * 10 + digit;
      this.at++;
    }
    return this.at === from ? Number.NaN : value;
  }

  /**
   * A hexadecimal address of up to 64 bits, into page and offset: exact, which one number were not.
   * False where there is none.
   */
  address(): boolean {
    const from = this.at;
    while (hexDigit(this.peek()) >= 0) this.at++;
    const digits = this.at - from;
    if (digits === 0 || digits > 16) return false;
    const split = Math.max(from, this.at - OFFSET_DIGITS);
    this.page = this.#hex(from, split);
    this.offset = this.#hex(split, this.at);
    return true;
  }

  #hex(from: number, to: number): number {
    let value = 0;
    for (let i = from; i < to; i++) value = value * 16 + hexDigit(this.bytes[i] ?? 0);
    return value;
  }
}

/** Of an address, within its page. */
const OFFSET_DIGITS = 3;

export const SPACE = 0x20;
const ZERO = 0x30;

/** perf prints lower case; -1 for what is no digit. */
function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= 0x39) return byte - ZERO;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}
