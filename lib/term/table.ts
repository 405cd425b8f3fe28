/** A column of fixed width, as in vmstat: rows can be printed as they come. */
export interface Column<Row> {
  title: string;
  width: number;
  align?: "left" | "right";
  value: (row: Row) => string;
}

export const headerLine = <Row>(columns: readonly Column<Row>[]): string =>
  line(columns, (column) => column.title);

export const rowLine = <Row>(columns: readonly Column<Row>[], row: Row): string =>
  line(columns, (column) => column.value(row));

function line<Row>(columns: readonly Column<Row>[], text: (column: Column<Row>) => string): string {
  return columns
    .map((column) =>
      column.align === "left" ? text(column).padEnd(column.width) : text(column).padStart(column.width),
    )
    .join(" ")
    .trimEnd();
}

/**
 * Makes a name that a program chose harmless for a terminal and for columns: control characters,
 * line breaks and direction overrides become "?", what is too long ends in "+".
 */
export function printable(name: string, width = Number.MAX_SAFE_INTEGER): string {
  const plain = name.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, "?");
  const characters = [...plain];
  if (characters.length <= width) return plain;
  return `${characters.slice(0, Math.max(0, width - 1)).join("")}+`;
}

/** Prose in lines of at most `width` characters. */
export function wrap(text: string, width = 79): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
