/** One of several names of the same address. */
export interface Candidate {
  name: string;
  weak: boolean;
  global: boolean;
}

/** The name that perf would show: choose_best_symbol() of tools/perf/util/symbol.c. */
export function bestOf(candidates: readonly Candidate[]): string | null {
  const named = candidates.filter(({ name }) => name !== "");
  return named.length === 0 ? null : named.reduce((a, b) => (isBetter(b, a) ? b : a)).name;
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.weak !== b.weak) return b.weak;
  if (a.global !== b.global) return a.global;
  const [under, other] = [underscores(a.name), underscores(b.name)];
  if (under !== other) return under < other;
  return a.name.length > b.name.length;
}

const underscores = (name: string): number => name.length - name.replace(/^_+/, "").length;
