import { readFileSync } from "node:fs";

/** Numbers by their name, as memory.stat, memory.events, vmstat and meminfo ("Name:  12 kB", then in bytes) have them. */
export function parseKeyed(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name, digits, unit] = /^(\S+?):?\s+(\d+)( kB)?$/.exec(line) ?? [];
    if (name !== undefined) values.set(name, Number(digits) * (unit === undefined ? 1 : 1024));
  }
  return values;
}

/** Empty where there is no such file, or it may not be read. */
export function readKeyed(path: string): Map<string, number> {
  try {
    return parseKeyed(readFileSync(path, "utf8"));
  } catch {
    return new Map(); // not in this kernel: the caller asks for names, and sees that they are missing
  }
}
