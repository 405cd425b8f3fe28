import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
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
  write(text: string): void {
    try {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      throw fileError("write", this.path, error);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** A file that is there whole or not at all; what stood there before stays until then. */
export class WholeFile {
  #path: string;
  #draft: OutputFile;

  /** @throws UserError */
  constructor(path: string) {
    this.#path = path;
    // beside it, so that the rename stays within a file system
    this.#draft = isSpecial(path) ? new OutputFile(path) : new OutputFile(`${path}.${process.pid}.part`);
  }

  /** @throws UserError */
  finish(text: string): void {
    try {
      this.#draft.write(text);
      this.#draft.close();
      if (this.#draft.path !== this.#path) renameSync(this.#draft.path, this.#path);
    } catch (error) {
      this.discard();
      throw error instanceof UserError ? this.#named(error) : fileError("write", this.#path, error);
    }
  }

  discard(): void {
    if (this.#draft.path !== this.#path) rmSync(this.#draft.path, { force: true });
  }

  #named(error: UserError): UserError {
    return new UserError(error.message.replace(this.#draft.path, this.#path), error.exitStatus);
  }
}

const isSpecial = (path: string): boolean => path.startsWith("/dev/");
