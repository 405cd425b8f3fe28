/** From nothing to most, as ASCII: readable in a log file and without colour. */
const RAMP = " .:-=+*#%@";

/** One line of cells, by the logarithm of their counts against the most of the picture. */
export function heatLine(counts: readonly number[], most: number): string {
  const top = Math.log1p(most);
  return counts
    .map((count) => {
      if (count === 0) return " ";
      const level = top === 0 ? 1 : Math.log1p(count) / top;
      return RAMP[Math.max(1, Math.min(RAMP.length - 1, Math.ceil(level * (RAMP.length - 1))))];
    })
    .join("");
}
