/** Scales and axes that several panels have. */

/** Steps of a byte axis: powers of two. */
export const BYTE_STEPS = Array.from({ length: 46 }, (_, power) => 2 ** power);

/** From zero to above the highest value; no axis where there is no value. */
export const fromZero = {
  range: (_u, _min, max) => (max === null ? [null, null] : [0, max > 0 ? max * 1.08 : 1]),
};

/** An empty right axis, so that the time axes of all panels lie below each other. */
export function blank(scale) {
  return { scale, side: 1, grid: false, text: () => "" };
}
