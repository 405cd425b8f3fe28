import type { MapRecord, StackRecord } from "../../metric/map-record.ts";
import { printable } from "../../term/table.ts";
import { OutputFile } from "../../views/file.ts";
import type { View } from "../../views/view.ts";

/**
 * The call chains as folded stacks, a line each: "comm;outermost;...;innermost faults", as stackcollapse-perf.pl
 * prints them; flamegraph.pl and speedscope read it. @throws UserError when it cannot be opened
 */
export function foldedView(path: string): View<MapRecord> {
  const file = new OutputFile(path);
  return {
    take: (record) => {
      if (record.type === "stack") file.write(`${foldedLine(record)}\n`);
    },
    end: () => file.close(),
  };
}

export function foldedLine({ comm, frames, minor, major }: StackRecord): string {
  const names = [comm.replace(/\s/g, "_"), ...frames].map(frameOf);
  return `${names.join(";")} ${minor + major}`;
}

/** A semicolon would part a name, a line break a line, and a number at its end would be taken for a count. */
const frameOf = (name: string): string =>
  printable(name)
    .replace(/;/g, ":")
    .replace(/\s+(?=[\d.]*$)/, "_") || "[unknown]";
