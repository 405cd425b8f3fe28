import {
  closeSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { EXIT, errnoOf, messageOf, UserError } from "../cli/error.ts";

const REASONS: Record<string, string> = {
  ENOENT: "no such directory",
  EACCES: "permission denied",
  EISDIR: "is a directory",
  ENOSPC: "no space left on device",
  EROFS: "read-only file system",
  ENOTDIR: "a part of its path is no directory",
};

/** @returns the UserError for a file that cannot be opened or written */
export function fileError(what: string, path: string, error: unknown): UserError {
  return new UserError(
    `cannot ${what} '${path}': ${REASONS[errnoOf(error) ?? ""] ?? messageOf(error)}`,
    EXIT.failed,
  );
}

/** A file that is written as data comes; opened at once, so that a bad path fails before the measurement. */
export class OutputFile {
  readonly path: string;
  #fd: number;

  /** @throws UserError */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, "w");
    } catch (error) {
      throw fileError("open", path, error);
    }
  }

  /** @throws UserError */
  write(data: string | Uint8Array): void {
    try {
      const bytes = typeof data === "string" ? Buffer.from(data) : data;
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      throw fileError("write", this.path, error);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/**
 * A file that is there whole or not at all; what stood there before stays until then. It is written
 * as a draft beside it, so that the rename stays within a file system. A link keeps pointing to the
 * file; a device or a pipe is written as it is.
 */
export class WholeFile {
  readonly #path: string;
  readonly #target: string;
  readonly #draft: string;

  /** Tries at once whether it could be written, and leaves nothing behind. @throws UserError */
  constructor(path: string) {
    this.#path = path;
    try {
      const existing = statSync(path, { throwIfNoEntry: false });
      if (existing?.isDirectory()) closeSync(openSync(path, "w")); // throws EISDIR
      const replaced = !path.startsWith("/dev/") && (existing?.isFile() ?? true);
      this.#target = replaced && existing !== undefined ? realpathSync(path) : path;
      this.#draft = replaced ? `${this.#target}.${process.pid}.part` : path;
      if (replaced) closeSync(openSync(this.#draft, "w"));
    } catch (error) {
      throw fileError("open", path, error);
    }
    this.#discard();
  }

  /** @throws UserError */
  finish(text: string): void {
    try {
      writeFileSync(this.#draft, text);
      if (this.#draft !== this.#target) renameSync(this.#draft, this.#target);
    } catch (error) {
      this.#discard();
      throw fileError("write", this.#path, error);
    }
  }

  #discard(): void {
    if (this.#draft !== this.#target) rmSync(this.#draft, { force: true });
  }
}
