import { InvalidArgumentError } from "commander";

/** Longest interval or duration: setTimeout's, in whole days. */
const LONGEST_S = 24 * 24 * 3600;
const SHORTEST_S = 0.01;
/** PID_MAX_LIMIT of include/linux/threads.h, for 64 bits. */
const PID_MAX = 4 * 1024 * 1024;

/** Parsers of option values; what they throw becomes "option '-d': 'x' is invalid: REASON" (lib/cli/run.ts). */
export function seconds(text: string): number {
  const value = decimal(text);
  if (value === null) throw new InvalidArgumentError("not a number of seconds");
  if (value < SHORTEST_S || value > LONGEST_S) {
    throw new InvalidArgumentError(`give ${SHORTEST_S} to ${LONGEST_S} seconds`);
  }
  return value;
}

export function count(text: string): number {
  const value = decimal(text);
  if (value === null || !Number.isInteger(value) || value < 1 || value > 1e9) {
    throw new InvalidArgumentError("give a whole number from 1 to 1000000000");
  }
  return value;
}

/** "42" or "42,43", also repeated. */
export function pids(text: string, previous: number[] = []): number[] {
  const each = text.split(",").map((part) => {
    const value = decimal(part);
    if (value === null || !Number.isInteger(value) || value < 1 || value > PID_MAX) {
      throw new InvalidArgumentError(`'${part}' is not a process id`);
    }
    return value;
  });
  return [...previous, ...each];
}

const SIZE_UNITS = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 } as const;

/** "64M", "1G": bytes. */
export function size(text: string): number {
  const found = /^(\d+)([KMGT])$/i.exec(text);
  const unit = Object.entries(SIZE_UNITS).find(([letter]) => letter === found?.[2]?.toUpperCase());
  if (found === null || unit === undefined) throw new InvalidArgumentError("give a size as 64M or 1G");
  return Number(found[1]) * unit[1];
}

/** A file, a directory or a cgroup: an empty one is a variable that was not set. */
export function path(text: string): string {
  if (text === "") throw new InvalidArgumentError("it is empty");
  return text;
}

/** Decimal digits only: no hexadecimal, no exponent, no blanks, no NaN. */
function decimal(text: string): number | null {
  return /^-?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : null;
}
