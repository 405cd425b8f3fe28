/** Faults as programs make them, from a seed: page numbers of a region, in order. */
export type Walk = number[];

/** Uniform numbers below `below`: xorshift32 (Marsaglia 2003). */
export function randomFrom(seed: number): (below: number) => number {
  let state = (seed ^ 0x9e3779b9) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * below);
  };
}

/** `count` pages from `start` by equal steps. */
export const strided = (count: number, step: number, start = 0): Walk =>
  Array.from({ length: count }, (_, i) => start + i * step);

export const sequential = (count: number, start = 0): Walk => strided(count, 1, start);

export const reversed = (walk: Walk): Walk => [...walk].reverse();

/** A permutation. */
export function shuffled(walk: Walk, seed: number): Walk {
  const below = randomFrom(seed);
  const result = [...walk];
  for (let i = result.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [result[i], result[j]] = [result[j] ?? 0, result[i] ?? 0];
  }
  return result;
}

/** Upward by irregular steps of 1 to `most` pages, as a file walk that maps around. */
export function irregular(count: number, most: number, seed: number): Walk {
  const below = randomFrom(seed);
  let page = 0;
  return Array.from({ length: count }, () => {
    const at = page;
    page += 1 + below(most);
    return at;
  });
}

/** Puts a page from anywhere in `pages` in the place of a share of the faults. */
export function noisy(walk: Walk, share: number, pages: number, seed: number): Walk {
  const below = randomFrom(seed);
  return walk.map((page) => (below(1000) < share * 1000 ? below(pages) : page));
}

/** The walks at once: in turns, or (with a seed) whoever is next by chance. */
export function interleaved(walks: readonly Walk[], seed?: number): Walk {
  const below = seed === undefined ? null : randomFrom(seed);
  const at = walks.map(() => 0);
  const result: Walk = [];
  const total = walks.reduce((sum, walk) => sum + walk.length, 0);
  for (let turn = 0; result.length < total; turn++) {
    const who = below ? below(walks.length) : turn % walks.length;
    const page = walks[who]?.[at[who] ?? 0];
    if (page === undefined) continue;
    at[who] = (at[who] ?? 0) + 1;
    result.push(page);
  }
  return result;
}

export const repeated = (walk: Walk, times: number): Walk => Array.from({ length: times }, () => walk).flat();
