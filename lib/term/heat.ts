/** From nothing to most, as ASCII: readable in a log file and without colour. */
const RAMP = " .:-=+*#%@";
/** From little to most, as colours of the 256 colour palette (xterm): dark blue, magenta, orange, yellow. */
const COLORS = [18, 20, 56, 91, 127, 162, 197, 202, 208, 220, 229];
const UPPER_HALF = "\u2580";
const LOWER_HALF = "\u2584";

/** Rows of counts that a line of text shows. */
export const rowsPerLine = (color: boolean): number => (color ? 2 : 1);

/**
 * Lines of cells, the first row on top, by the logarithm of their counts against the most of the picture:
 * ASCII characters, or half blocks in colour, two rows a line.
 */
export function heatCells(rows: readonly (readonly number[])[], color: boolean): string[] {
  const top = Math.log1p(Math.max(0, ...rows.flat()));
  /** 0 for nothing, else 1 to `steps`. */
  const level = (count: number, steps: number): number => {
    if (count === 0) return 0;
    return Math.max(1, Math.min(steps, Math.ceil((Math.log1p(count) / top) * steps)));
  };
  if (!color) return rows.map((row) => row.map((count) => RAMP[level(count, RAMP.length - 1)]).join(""));
  const lines: string[] = [];
  for (let i = 0; i < rows.length; i += 2) {
    const [upper, lower] = [rows[i] ?? [], rows[i + 1] ?? []];
    lines.push(
      upper
        .map((count, x) => halfBlocks(level(count, COLORS.length), level(lower[x] ?? 0, COLORS.length)))
        .join(""),
    );
  }
  return lines;
}

/** Two cells, one above the other: ECMA-48 SGR 38;5 and 48;5. */
function halfBlocks(upper: number, lower: number): string {
  if (upper === 0 && lower === 0) return " ";
  const [above, below] = [COLORS[upper - 1], COLORS[lower - 1]];
  if (above === undefined) return `\u001b[38;5;${below}m${LOWER_HALF}\u001b[39m`;
  if (below === undefined) return `\u001b[38;5;${above}m${UPPER_HALF}\u001b[39m`;
  return `\u001b[38;5;${above};48;5;${below}m${UPPER_HALF}\u001b[39;49m`;
}
